// The bits in the bytes of an entry that say what else is there (entry.h).
#pragma once

enum entry_flag {
    ENTRY_REPORTED = 1,
    ENTRY_CAMPAIGNS = 2, // its sets follow
    ENTRY_QUOTE = 4,     // the post that it quotes follows
    // Of a post only; the posts follow in the order retweet, quote, reply:
    ENTRY_RETWEET = 8,
    ENTRY_REPLY = 16,
    ENTRY_UNDONE_BY_ID = 32,
};

enum { ENTRY_FLAGS_OF_REF = 7, ENTRY_FLAGS_OF_POST = 63 };

// In the head.
enum { ENTRY_COMPLETE = 1 };
