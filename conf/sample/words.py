"""The words of the invented world: readable, harmless, nobody's real name or brand."""

# A sentence is one of each: subject, predicate, tail.
SENTENCES = {
    "en": (("The night ferry", "Our old bakery", "This tiny garden", "The village choir",
            "My upstairs neighbour", "A very small cloud", "The lighthouse keeper",
            "The library cat", "Tea & biscuits", "The last train home"),
           ("is late again", "smells of cinnamon", "needs a new roof", "won the quiz",
            "learned to whistle", "was worth the wait", "saved the whole evening",
            "has moved to the harbour", "is smaller than I thought", "keeps surprising me"),
           ("and nobody minds.", "since Monday.", "before breakfast!", "in the rain.",
            "as the old maps said.", "while the kettle sings.", "for the third time.",
            "<and that is that>", "in front of everybody.", "without any warning.")),
    "es": (("El tren de la costa", "La panadería de abajo", "Mi vecina", "El faro viejo",
            "La biblioteca del pueblo", "El coro de la plaza", "La lluvia de marzo"),
           ("llega tarde otra vez", "huele a canela", "ganó el concurso", "cantó toda la noche",
            "necesita un tejado nuevo", "nos salvó la tarde", "no deja de sorprenderme"),
           ("y a nadie le importa.", "desde el lunes.", "¡antes del desayuno!", "bajo la lluvia.",
            "como decía el mapa.", "por tercera vez.", "delante de todos.")),
    "de": (("Die Nachtfähre", "Unsere alte Bäckerei", "Der Nachbar von oben", "Der Dorfchor",
            "Das kleine Museum", "Die Katze der Bücherei", "Der letzte Zug"),
           ("kommt wieder zu spät", "duftet nach Zimt", "hat das Rätsel gelöst",
            "braucht ein neues Dach", "rettet den Abend", "ist größer als gedacht",
            "hat pfeifen gelernt"),
           ("und keinen stört es.", "seit Montag.", "noch vor dem Frühstück!", "im Regen.",
            "wie auf der alten Karte.", "zum dritten Mal.", "ganz ohne Warnung.")),
    "cs": (("Noční přívoz", "Stará pekárna", "Sousedka shora", "Vesnický sbor",
            "Kocour z knihovny", "Poslední vlak domů", "Malá zahrádka"),
           ("má zase zpoždění", "voní po skořici", "vyhrál soutěž", "potřebuje novou střechu",
            "zachránil celý večer", "je menší, než jsem čekal", "mě pořád překvapuje"),
           ("a nikomu to nevadí.", "už od pondělí.", "ještě před snídaní!", "v dešti.",
            "jak říkala stará mapa.", "potřetí za sebou.", "bez varování.")),
    "ja": (("夜のフェリーは", "角のパン屋は", "図書館の猫は", "村の合唱団は", "小さな庭は",
            "最後の電車は", "灯台の人は"),
           ("また遅れて", "シナモンの香りがして", "口笛を覚えて", "雨の中を歩いて",
            "みんなを驚かせて", "新しい屋根を待って", "朝から歌って"),
           ("います。", "いるそうです。", "いました！", "いるみたい。", "いるらしい 🍵", "いるところ。")),
}

TAGS = {
    "en": ("tea", "NightFerry", "gardening", "quizNight", "lighthouse", "slowTrains", "choir"),
    "es": ("pan", "otoño", "faro", "mañana", "coro", "trenes"),
    "de": ("Bäckerei", "Fähre", "Garten", "Straßenfest", "Chor", "Rätsel"),
    "cs": ("čaj", "přívoz", "Zahrádka", "knihovna", "vlak", "sbor"),
    "ja": ("お茶", "散歩", "パン屋", "夜フェリー", "猫", "灯台"),
}

# What becomes the talk of the town: one hashtag for each cascade that takes off.
NEWS = ("GreatTeaSpill", "FerryFound", "čajováBouře", "MoonBakery", "猫の駅長", "TwoLighthouses",
        "ElCoroGigante", "Zimtregen", "TheMissingBell", "LibraryCat", "NočníVlak", "GoldenTurnip")

ADJECTIVES = ("quiet", "amber", "brave", "clever", "dusty", "early", "fuzzy", "gentle", "happy",
              "jolly", "kind", "lucky", "mild", "noble", "odd", "plain", "quick", "rusty", "shy",
              "tidy")
ANIMALS = ("otter", "heron", "badger", "finch", "lynx", "mole", "newt", "owl", "panda", "raven",
           "seal", "toad", "viper", "wren", "yak", "zebra", "hare", "ibis", "koala", "gecko")
HOSTS = ("harbour.example", "orchard.example", "lantern.example", "tea.example")
