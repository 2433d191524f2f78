"""Aid texts as neighbours write them, made for measuring and not taken from what the dictionary was made of."""

import random

NEEDS = [
    "Need {n} litres of drinking water on floor {n}, lift is broken", "Insulin pens for my mother, door {n}{l}, ring twice please",
    "Does anyone have a camping stove for {n} days? We are {n} people in flat {n}", "Looking for diapers size {s} and wipes, near {p}",
    "Somebody strong to carry a wheelchair down from floor {n}", "Power bank or generator to charge an oxygen machine, {p} {n}",
    "Our cellar at {p} {n} is flooded, we need a pump and {n} buckets", "Old man alone in {p} {n}{l}, could someone look in {d}?",
    "Brauche {n} Decken und eine Taschenlampe, {p} {n}, dritter Stock", "Suche Babymilch (ab 6 Monaten), {p} {n}, klingeln bei Hartmann",
    "Wer kann {d} meine Mutter zur Dialyse fahren? {p} {n}", "Wasserkanister und Kohle gesucht, wir sind {n} Personen",
    "Necesito pañales talla {s} y leche para bebé, portal {n}, puerta {l}", "Se busca cargador de móvil o batería, calle {p} {n}",
    "¿Alguien puede llevar a mi abuelo al hospital {d}? Portal {n}", "Faltan {n} mantas en el gimnasio, entrada por {p}",
    "Besoin d'eau potable et de piles, {n}e étage, escalier {l}", "Cherche lit de camp pour {n} nuits, rue {p} {n}",
    "Потрібна вода і ліки від тиску, під'їзд {n}, квартира {n}", "Шукаємо дитяче харчування, вул. {p} {n}, {n} дітей",
    "Нужны тёплые вещи для ребёнка {n} лет, подъезд {l}", "بحاجة إلى حليب أطفال وماء للشرب، الطابق {n}، شقة {l}",
    "نحتاج إلى {n} بطانيات ومصباح في مدخل {l}", "İki battaniye ve bebek maması lazım, {n}. kat, kapı {l}",
    "Şarj aleti ve pil arıyoruz, {p} sokak {n}", "Potrzebne leki na cukrzycę, klatka {l}, mieszkanie {n}",
    "Ai có thuốc hạ sốt cho trẻ em không? Tầng {n}, phòng {l}", "需要{n}箱饮用水和手电筒，{p}{n}号{l}单元",
    "Preciso de água e velas, bloco {l}, andar {n}", "Cercasi medicine per il cuore e {n} bottiglie d'acqua, via {p} {n}",
]
PLACES = ["Lindenhof", "Mill Lane", "San Telmo", "Gare Nord", "Market Square", "Hafenweg", "Olivar", "Station Road", "Kirchplatz",
          "Upper Green", "Rosales", "Canal Side", "Westend", "Parque Sur", "Brückenstr.", "Old Town"]
DAYS = ["today", "tomorrow at 9", "this evening", "before 14:30", "on Friday", "at noon"]


def aid(count, seed):
    """So many texts, all different."""
    chance, texts, seen = random.Random(seed), [], set()
    while len(texts) < count:
        words = chance.choice(NEEDS)
        while "{" in words:
            words = words.replace("{n}", str(chance.randint(1, 60)), 1).replace("{l}", chance.choice("ABCDEFGH"), 1)
            words = words.replace("{s}", str(chance.randint(1, 5)), 1).replace("{p}", chance.choice(PLACES), 1)
            words = words.replace("{d}", chance.choice(DAYS), 1)
        if count > 2000 or words not in seen:
            seen.add(words)
            texts.append(words)
    return texts
