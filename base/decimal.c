#include "base/decimal.h"

#include <math.h>

#define LEAST 1e-15
#define MOST 1e18
#define MOST_WITH_PLACES 1e12 // products with 1000 are exact to a half

enum { PLACES_MAX = 30, WHOLE_MAX = 18 };

static double
power_of_ten(int exponent)
{
    double power = 1;
    for (; exponent > 0; exponent--) {
        power *= 10;
    }
    return power;
}

// value is about mantissa / 10^places.
struct scaled {
    uint64_t mantissa;
    int places;
};

static struct scaled
scale(double value, int digits)
{
    int places = digits - 1;
    double rest = value;
    while (rest >= 10) {
        rest /= 10;
        places--;
    }
    while (rest < 1) {
        rest *= 10;
        places++;
    }
    double mantissa =
        places >= 0 ? value * power_of_ten(places) : value / power_of_ten(-places);
    struct scaled scaled = {(uint64_t)llround(mantissa), places};
    for (; scaled.places > 0 && scaled.mantissa % 10 == 0; scaled.places--) {
        scaled.mantissa /= 10;
    }
    for (; scaled.places < 0; scaled.places++) {
        scaled.mantissa *= 10;
    }
    return scaled;
}

size_t
decimal_put(char text[DECIMAL_TEXT_MAX], double value, int digits)
{
    size_t length = 0;
    double size = fmin(fabs(value), MOST);
    if (!(fabs(value) >= LEAST)) {
        text[length++] = '0';
        return length;
    }
    if (value < 0) {
        text[length++] = '-';
    }
    struct scaled scaled = scale(size, digits);
    char reversed[DECIMAL_TEXT_MAX];
    size_t count = 0;
    do {
        reversed[count++] = (char)('0' + scaled.mantissa % 10);
        scaled.mantissa /= 10;
        if (--scaled.places == 0) {
            reversed[count++] = '.';
        }
    } while (scaled.mantissa != 0 || scaled.places >= 0);
    while (count != 0) {
        text[length++] = reversed[--count];
    }
    return length;
}

// comma_every: digits before each comma, from the right.
static char *
put_digits(char *at, uint64_t number, size_t comma_every)
{
    char reversed[WHOLE_MAX + 2];
    size_t count = 0;
    do {
        reversed[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    while (count != 0) {
        *at++ = reversed[--count];
        if (count != 0 && count % comma_every == 0) {
            *at++ = ',';
        }
    }
    return at;
}

char *
decimal_put_whole(char *at, uint64_t number)
{
    return put_digits(at, number, WHOLE_MAX + 2);
}

char *
decimal_put_grouped(char *at, uint64_t number)
{
    return put_digits(at, number, 3);
}

// value * unit, rounded to a whole number; to an even one from the exact middle.
static uint64_t
round_units(double value, double unit)
{
    double product = value * unit;
    double error = fma(value, unit, -product); // of the product
    double whole = floor(product);
    double rest = product - whole;
    uint64_t units = (uint64_t)whole;
    bool is_middle = rest == 0.5 && error == 0;
    bool is_above = rest > 0.5 || (rest == 0.5 && error > 0);
    return units + (is_above || (is_middle && units % 2 != 0));
}

char *
decimal_put_places(char *at, double value, int places)
{
    double unit = power_of_ten(places);
    uint64_t units = round_units(fmin(value, MOST_WITH_PLACES), unit);
    at = decimal_put_whole(at, units / (uint64_t)unit);
    *at++ = '.';
    uint64_t rest = units % (uint64_t)unit;
    for (uint64_t digit = (uint64_t)unit / 10; digit != 0; digit /= 10) {
        *at++ = (char)('0' + rest / digit);
        rest %= digit;
    }
    return at;
}

char *
decimal_put_fraction(char *at, uint64_t rest, uint64_t unit)
{
    if (rest != 0) {
        *at++ = '.';
    }
    while (rest != 0) {
        unit /= 10;
        *at++ = (char)('0' + rest / unit);
        rest %= unit;
    }
    return at;
}

bool
decimal_parse_whole(struct slice text, uint64_t *ret_number)
{
    uint64_t number = 0;
    if (text.len == 0 || text.len > WHOLE_MAX) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') {
            return false;
        }
        number = number * 10 + (uint64_t)(text.ptr[i] - '0');
    }
    *ret_number = number;
    return true;
}

bool
decimal_parse(struct slice text, double *ret_value)
{
    bool is_negative = text.len != 0 && text.ptr[0] == '-';
    uint64_t mantissa = 0;
    int places = -1;
    size_t digits = 0;
    for (size_t i = is_negative; i < text.len; i++) {
        if (text.ptr[i] == '.' && places < 0) {
            places = 0;
        } else if (text.ptr[i] >= '0' && text.ptr[i] <= '9' &&
                   mantissa < UINT64_MAX / 10 - 1 && places < PLACES_MAX) {
            mantissa = mantissa * 10 + (uint64_t)(text.ptr[i] - '0');
            places += places >= 0;
            digits++;
        } else {
            return false;
        }
    }
    if (digits == 0) {
        return false;
    }
    double value = (double)mantissa / power_of_ten(places);
    *ret_value = is_negative ? -value : value;
    return true;
}
