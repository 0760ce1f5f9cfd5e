"""id-validator on the parts of citizen numbers: a line "region birth order check" of yes and no for each line of the file ARGV[1]."""

import sys

from id_validator import helper

with open(sys.argv[1], encoding="ascii") as numbers:
    for number in numbers.read().split():
        parts = helper.get_id_argument(number)
        said = (
            helper.check_address_code(parts["address_code"], parts["birthday_code"]),
            helper.check_birthday_code(parts["birthday_code"]),
            helper.check_order_code(parts["order_code"]),
            helper.generator_check_bit(parts["body"]) == parts["check_bit"],
        )
        print(" ".join("yes" if part else "no" for part in said))
