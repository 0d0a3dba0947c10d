# SPDX-License-Identifier: Apache-2.0
"""Makes data/sample.txt: names of our own under reserved top-level domains.

    PYTHONPATH=tests/lab python3 -m mxlab.world_sample > data/sample.txt

No published list is behind it: two lists of plain words, joined the way that
people name shops, clubs and projects.  Everything lies under .example and
.test (RFC 2606), so a scan of the sample can never reach a stranger.
"""

from __future__ import annotations

import random
import sys

SIZE = 1200
SEED = "mxcensus sample"

FIRST = """alder amber anchor arbour arch ash autumn barley basalt beacon beech
birch blue bracken bramble brass bridge bright brook candle canvas cedar
chalk cherry cinder clay clear clover coast cobalt copper coral cotton crane
creek crystal dale dawn deep delta drift dune east ebony echo elm ember fair
falcon fern field fig flax flint forest fox frost garden ginger glen golden
granite grassy green grove gull harbour hazel heather heron high hill hollow
honey indigo iron island ivory ivy jade jasper juniper kelp kestrel lake lantern
larch lark laurel lavender leaf lemon lily lime linden little long low lunar
maple marble marsh meadow mellow merry midnight mild mill mint mist moss
mountain new nimble noble north oak oat old olive onyx opal orchard otter owl
paper pearl pebble pepper pine plain plum pond poplar prairie quartz quick quiet
rain raven red reed ridge river robin rocky rose rowan royal rust rye saffron
sage salt sand scarlet sea shady silent silver slate small smooth snow solar
south spring spruce star steady still stone storm summer sunny swan swift
tall teal thistle thorn timber tulip twin upper vale velvet violet walnut warm
west wheat white wild willow wind winter wise wooden wren yarrow yellow young
""".split()

SECOND = """academy archive atelier bakery bank barn bikes boats books brewery
bureau cafe camp ceramics choir cinema clinic club coffee college cooperative
council crafts cycles dairy data depot design dental drive energy engineers farm
festival finance fishing florist forum foundry freight furniture gallery games
gardens gazette glass guild harvest hardware health herald homes hosting hotel
insurance joinery journal kitchen labs lawyers learning library lighting
linen logistics lumber mail maps market media metals motors museum music
networks news notes nursery observer optics organics outfitters paint parcels
parts pharmacy photo pilot planet play pottery press print property radio rail
records recycling repairs research robotics roofing sailing salon school seeds
shipping shoes shop soap software solar sound spices sports stables stationery
storage studio supply systems tailor tea telecom textiles theatre tiles tools
tours toys trading travel trust university vets video vineyard watches weather
weavers web wines wool works workshop yoga
""".split()

# Umlauts and other letters that make A-labels
ACCENTED = """bäckerei-grünwald café-lumière crème-et-sucre jardín-azul
kőrös-gáz ksiażka-łódź müller-brot niño-feliz očna-kliničká pâtisserie-dorée
sjøhuset-kafé smörgås-bröd straßenbuch trädgård-öst été-bleu česká-pošta
българска-поща ελαιώνας-λάδι молоко-и-хлеб 桜-茶屋 花屋-東 日本-陶器
""".split()

# Tops as real ones look, all of them under the two reserved domains
TOPS = {"example": 44, "test": 16, "co.example": 7, "com.example": 6,
        "org.example": 5, "net.example": 5, "co.test": 4, "org.test": 4,
        "net.test": 3, "ac.example": 2, "gov.test": 2, "edu.test": 1,
        "io.example": 1}
BELOW = ("www", "shop", "mail", "news", "lists", "dept.physics", "m")


def label(rng: random.Random) -> str:
    """One name as somebody might have registered it."""
    first, second = rng.choice(FIRST), rng.choice(SECOND)
    shape = rng.random()
    if shape < 0.40:
        return f"{first}-{second}"
    if shape < 0.70:
        return first + second
    if shape < 0.80:
        return first + rng.choice(["ly", "io", "hub", "app", "go", "24"])
    if shape < 0.88:
        return f"{first}-{rng.choice(FIRST)}-{second}"
    if shape < 0.94:
        return f"{second}{rng.randrange(2, 1000)}"
    return f"{second}-{first}"


def a_label(word: str) -> str:
    """The A-label of an accented word."""
    if word.isascii():
        return word
    return "xn--" + word.encode("punycode").decode("ascii")


def sample(size: int = SIZE, seed: str = SEED) -> list[str]:
    """Distinct names in order of rank."""
    rng = random.Random(seed)
    tops, weights = list(TOPS), list(TOPS.values())
    names: dict[str, None] = {}

    def top() -> str:
        return rng.choices(tops, weights)[0]

    accented = [f"{a_label(word)}.{top()}" for word in ACCENTED]
    spots = set(rng.sample(range(20, size - 1), len(accented)))
    while len(names) < size:
        if len(names) in spots and accented:
            name = accented.pop()
        elif names and rng.random() < 0.02:
            above = rng.choice(list(names))
            name = f"{rng.choice(BELOW)}.{above}"
        else:
            name = f"{label(rng)}.{top()}"
        names[name] = None
    return list(names)


def main() -> int:
    """Write the list as `rank,domain`."""
    for rank, name in enumerate(sample(), 1):
        print(f"{rank},{name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
