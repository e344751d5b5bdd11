// Runs a fuzzer's inputs without the fuzzer: fuzz_replay FILE...

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t *
read_file(const char *name, size_t *ret_size)
{
    enum { SIZE_MAX_READ = 4 << 20 };
    FILE *file = fopen(name, "rb");
    uint8_t *data = malloc(SIZE_MAX_READ);
    if (file == NULL || data == NULL) {
        free(data);
        return NULL;
    }
    *ret_size = fread(data, 1, SIZE_MAX_READ, file);
    (void)fclose(file);
    return data;
}

int
main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        size_t size = 0;
        uint8_t *data = read_file(argv[i], &size);
        if (data == NULL) {
            fprintf(stderr, "cannot read %s\n", argv[i]);
            return 66;
        }
        (void)LLVMFuzzerTestOneInput(data, size);
        free(data);
    }
    printf("%d inputs\n", argc - 1);
    return 0;
}
