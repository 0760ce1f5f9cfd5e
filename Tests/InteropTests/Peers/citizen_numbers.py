"""id-validator on citizen numbers: a line "good" or "bad" for each line of the file ARGV[1]; then "made N" for some that it makes itself."""

import sys

from id_validator import validator

with open(sys.argv[1], encoding="ascii") as numbers:
    for number in numbers.read().split():
        print("good" if validator.is_valid(number) else "bad")
for _ in range(100):
    print("made", validator.fake_id())
