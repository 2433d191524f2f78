"""Aid texts as neighbours write them, put together from clauses made for measuring; none is taken from what the compression's
dictionary was made of, and German, Ukrainian and Turkish are not in it at all.

A thousand of them repeat clauses more than a thousand neighbours would: what they give in large frames flatters.
"""

import random

LANGUAGES = [
    (["We need", "Does anyone have", "Urgently looking for", "Could somebody spare", "My neighbour asks for", "Hi all, still missing"],
     ["drinking water for {n} people", "insulin pens, any brand", "a camping stove and gas", "diapers size {s}", "{n} warm blankets",
      "a charged power bank", "someone who can carry a wheelchair downstairs", "baby formula from 6 months", "a pump, the cellar is flooded",
      "tape and plastic sheets for broken windows", "a ride to dialysis {d}", "reading glasses, about +2.5", "cat food, two tins are enough"],
     ["we are on floor {n} and the lift is out", "ring {n}{l} twice", "I can pick it up by bicycle", "she cannot walk far",
      "the children have had nothing warm since yesterday", "no phone, just knock", "will give it back on Monday", "happy to swap for batteries",
      "behind the bakery, green door", "please only after dark", "any amount helps"]),
    (["Wir brauchen", "Hat jemand", "Dringend gesucht:", "Wer könnte", "Für meine Nachbarin suche ich", "Es fehlen noch"],
     ["{n} Decken oder Schlafsäcke", "Trinkwasser für {n} Leute", "eine Taschenlampe mit Batterien", "Blutdrucktabletten, Ramipril 5 mg",
      "Windeln Größe {s}", "einen Gaskocher fürs Wochenende", "jemanden, der Wasser in den {n}. Stock trägt", "Babymilch und Gläschen",
      "ein Ladegerät mit USB-C", "Mitfahrt ins Krankenhaus {d}", "Verbandszeug und Desinfektionsmittel"],
     ["klingeln bei {l}{n}", "Aufzug steht seit gestern", "kann ich selbst abholen", "bitte bis heute Abend", "Hinterhof, zweite Tür links",
      "mein Vater ist allein und hört schlecht", "tausche gegen Kerzen", "melde mich, sobald der Strom da ist", "zur Not auch morgen früh"]),
    (["Necesitamos", "¿Alguien tiene", "Se busca con urgencia", "Mi vecina pide", "Nos faltan", "Buenas, hace falta"],
     ["agua potable para {n} personas", "pañales talla {s}", "una linterna con pilas", "leche para un bebé de {s} meses", "{n} mantas",
      "medicación para la tensión, enalapril", "una bombona pequeña de gas", "ayuda para bajar a mi abuelo del piso {n}",
      "un cargador solar", "alguien con coche para ir al hospital {d}"],
     ["portal {n}, puerta {l}", "no funciona el telefonillo, gritad", "puedo ir a buscarlo andando", "somos cinco con dos niños",
      "lo devuelvo el lunes", "cambio por latas de conserva", "cualquier cosa ayuda", "mejor por la mañana", "detrás del mercado viejo"]),
    (["Nous cherchons", "Quelqu'un aurait", "Besoin urgent :", "Pour une voisine :", "Il nous manque", "Bonjour, on cherche"],
     ["de l'eau potable pour {n}", "des couches taille {s}", "un lit de camp", "des piles et une lampe", "du lait infantile",
      "de l'insuline rapide", "un réchaud à gaz", "deux bras pour déblayer la cave", "un trajet vers l'hôpital {d}"],
     ["escalier {l}, {n}e étage", "l'ascenseur est en panne", "je peux venir à vélo", "frapper fort, elle entend mal",
      "on rend tout dimanche", "échange contre des bougies", "même une petite quantité", "au fond de la cour"]),
    (["Потрібно", "Чи має хтось", "Терміново шукаємо", "Для сусідки треба", "Нам бракує"],
     ["питної води на {n} осіб", "ліки від тиску", "дитяче харчування від {s} місяців", "ковдри, хоча б {n}", "павербанк на ніч",
      "підгузки розмір {s}", "когось із машиною до лікарні {d}", "газовий балон"],
     ["під'їзд {l}, квартира {n}", "ліфт не працює", "можу забрати сам", "двоє дітей і бабуся", "повернемо в понеділок",
      "стукайте голосно", "обміняю на свічки"]),
    (["Acil lazım:", "Kimde var:", "Komşum için arıyoruz:", "Bize gerekiyor:", "Eksik kalanlar:"],
     ["{n} kişilik içme suyu", "{s} numara bebek bezi", "pil ve el feneri", "tansiyon ilacı", "{n} battaniye", "küçük tüp",
      "hastaneye gidecek araç {d}", "bebek maması"],
     ["{n}. kat, kapı {l}", "asansör çalışmıyor", "kendim gelip alırım", "iki çocuk var", "pazartesi geri veririz", "kapıyı çalın",
      "mumla takas olur"]),
    (["نحتاج إلى", "هل لدى أحد", "مطلوب بسرعة", "جارتي تطلب", "ينقصنا"],
     ["ماء للشرب يكفي {n} أشخاص", "حليب أطفال", "دواء للسكري", "{n} بطانيات", "مصباح وبطاريات", "حفاضات مقاس {s}", "سيارة إلى المستشفى {d}"],
     ["الطابق {n} شقة {l}", "المصعد معطل", "أستطيع أن آتي بنفسي", "عندنا طفلان", "نعيدها يوم الاثنين", "اطرقوا الباب بقوة"]),
]
PLACES = ["Lindenhof", "Mill Lane", "San Telmo", "Gare Nord", "Market Square", "Hafenweg", "Olivar", "Station Road", "Kirchplatz",
          "Upper Green", "Rosales", "Canal Side", "Westend", "Parque Sur", "Brückenstr.", "Old Town"]


def aid(count, seed):
    """So many texts, all different."""
    chance, texts = random.Random(seed), {}
    while len(texts) < count:
        openers, things, details = chance.choice(LANGUAGES)
        words = f"{chance.choice(openers)} {chance.choice(things)}"
        if chance.random() < 0.4:
            words += f", {chance.choice(things)}"
        words += f"; {chance.choice(PLACES)} {{n}}"
        words += "".join(f", {detail}" for detail in chance.sample(details, chance.randint(0, 2)))
        while "{" in words:
            words = words.replace("{n}", str(chance.randint(1, 60)), 1).replace("{l}", chance.choice("ABCDEFGH"), 1)
            words = words.replace("{s}", str(chance.randint(1, 6)), 1).replace("{d}", f"{chance.randint(7, 19)}:{chance.choice('0134')}0", 1)
        texts[words] = None
    return list(texts)
