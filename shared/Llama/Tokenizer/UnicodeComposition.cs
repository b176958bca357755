namespace Serverless.Llama.Tokenizer;

/// <summary>
/// Normalization form C of Unicode for what labels are written in: a letter and the marks after it become one character. macOS and some
/// editors write them apart, so that two labels look alike and differ.
/// </summary>
/// <remarks>
/// <see cref="string.Normalize()"/> returns its input unchanged where the program runs without ICU, as this one does. The table holds the
/// canonical compositions of Unicode 16 whose parts are letters or symbols, from which the decompositions follow; Hangul is computed. What
/// is not in it stays as it is.
/// </remarks>
public static class UnicodeComposition
{
    private const int HangulBase = 0xAC00;
    private const int HangulCount = 11172;
    private const int LeadBase = 0x1100;
    private const int LeadCount = 19;
    private const int VowelBase = 0x1161;
    private const int VowelCount = 21;
    private const int TailBase = 0x11A7;
    private const int TailCount = 28;

    // A line holds a mark, its combining class, and pairs: a character, and what it becomes with the mark.
    private const string Table =
        """
        0300 230 AÀEÈIÌOÒUÙaàeèiìoòuùÜǛüǜNǸnǹЕЀИЍеѐиѝĒḔēḕŌṐōṑWẀwẁÂẦâầĂẰăằÊỀêềÔỒôồƠỜơờƯỪưừYỲyỳἀἂἁἃἈἊἉἋἐἒἑἓἘἚἙἛἠἢἡἣἨἪἩἫἰἲἱἳἸἺἹἻὀὂὁὃὈὊὉὋὐὒὑὓ
        0300 230 ὙὛὠὢὡὣὨὪὩὫαὰεὲηὴιὶοὸυὺωὼΑᾺΕῈΗῊ᾿῍ϊῒΙῚ῾῝ϋῢΥῪ¨῭ΟῸΩῺ
        0301 230 AÁEÉIÍOÓUÚYÝaáeéiíoóuúyýCĆcćLĹlĺNŃnńRŔrŕSŚsśZŹzźÜǗüǘGǴgǵÅǺåǻÆǼæǽØǾøǿ¨΅ΑΆΕΈΗΉΙΊΟΌΥΎΩΏϊΐαάεέηήιίϋΰοόυύωώϒϓГЃКЌгѓкќÇḈçḉĒḖēḗ
        0301 230 ÏḮïḯKḰkḱMḾmḿÕṌõṍŌṒōṓPṔpṕŨṸũṹWẂwẃÂẤâấĂẮăắÊẾêếÔỐôốƠỚơớƯỨưứἀἄἁἅἈἌἉἍἐἔἑἕἘἜἙἝἠἤἡἥἨἬἩἭἰἴἱἵἸἼἹἽὀὄὁὅὈὌὉὍὐὔὑὕὙὝὠὤὡὥὨὬὩὭ᾿῎῾῞
        0302 230 AÂEÊIÎOÔUÛaâeêiîoôuûCĈcĉGĜgĝHĤhĥJĴjĵSŜsŝWŴwŵYŶyŷZẐzẑẠẬạậẸỆẹệỌỘọộ
        0303 230 AÃNÑOÕaãnñoõIĨiĩUŨuũVṼvṽÂẪâẫĂẴăẵEẼeẽÊỄêễÔỖôỗƠỠơỡƯỮưữYỸyỹ
        0304 230 AĀaāEĒeēIĪiīOŌoōUŪuūÜǕüǖÄǞäǟȦǠȧǡÆǢæǣǪǬǫǭÖȪöȫÕȬõȭȮȰȯȱYȲyȳИӢиӣУӮуӯGḠgḡḶḸḷḹṚṜṛṝαᾱΑᾹιῑΙῙυῡΥῩ
        0306 230 AĂaăEĔeĕGĞgğIĬiĭOŎoŏUŬuŭУЎИЙийуўЖӁжӂАӐаӑЕӖеӗȨḜȩḝẠẶạặαᾰΑᾸιῐΙῘυῠΥῨ
        0307 230 CĊcċEĖeėGĠgġIİZŻzżAȦaȧOȮoȯBḂbḃDḊdḋFḞfḟHḢhḣMṀmṁNṄnṅPṖpṗRṘrṙSṠsṡŚṤśṥŠṦšṧṢṨṣṩTṪtṫWẆwẇXẊxẋYẎyẏſẛ
        0308 230 AÄEËIÏOÖUÜaäeëiïoöuüyÿYŸΙΪΥΫιϊυϋϒϔЕЁІЇеёіїАӒаӓӘӚәӛЖӜжӝЗӞзӟИӤиӥОӦоӧӨӪөӫЭӬэӭУӰуӱЧӴчӵЫӸыӹHḦhḧÕṎõṏŪṺūṻWẄwẅXẌxẍtẗ
        0309 230 AẢaảÂẨâẩĂẲăẳEẺeẻÊỂêểIỈiỉOỎoỏÔỔôổƠỞơởUỦuủƯỬưửYỶyỷ
        030A 230 AÅaåUŮuůwẘyẙ
        030B 230 OŐoőUŰuűУӲуӳ
        030C 230 CČcčDĎdďEĚeěLĽlľNŇnňRŘrřSŠsšTŤtťZŽzžAǍaǎIǏiǐOǑoǒUǓuǔÜǙüǚGǦgǧKǨkǩƷǮʒǯjǰHȞhȟ
        030F 230 AȀaȁEȄeȅIȈiȉOȌoȍRȐrȑUȔuȕѴѶѵѷ
        0311 230 AȂaȃEȆeȇIȊiȋOȎoȏRȒrȓUȖuȗ
        0313 230 αἀΑἈεἐΕἘηἠΗἨιἰΙἸοὀΟὈυὐωὠΩὨρῤ
        0314 230 αἁΑἉεἑΕἙηἡΗἩιἱΙἹοὁΟὉυὑΥὙωὡΩὩρῥΡῬ
        031B 216 OƠoơUƯuư
        0323 220 BḄbḅDḌdḍHḤhḥKḲkḳLḶlḷMṂmṃNṆnṇRṚrṛSṢsṣTṬtṭVṾvṿWẈwẉZẒzẓAẠaạEẸeẹIỊiịOỌoọƠỢơợUỤuụƯỰưựYỴyỵ
        0324 220 UṲuṳ
        0325 220 AḀaḁ
        0326 220 SȘsșTȚtț
        0327 202 CÇcçGĢgģKĶkķLĻlļNŅnņRŖrŗSŞsşTŢtţEȨeȩDḐdḑHḨhḩ
        0328 202 AĄaąEĘeęIĮiįUŲuųOǪoǫ
        032D 220 DḒdḓEḘeḙLḼlḽNṊnṋTṰtṱUṶuṷ
        032E 220 HḪhḫ
        0330 220 EḚeḛIḬiḭUṴuṵ
        0331 220 BḆbḇDḎdḏKḴkḵLḺlḻNṈnṉRṞrṟTṮtṯZẔzẕhẖ
        0338 1 ←↚→↛↔↮⇐⇍⇔⇎⇒⇏∃∄∈∉∋∌∣∤∥∦∼≁≃≄≅≇≈≉=≠≡≢≍≭<≮>≯≤≰≥≱≲≴≳≵≶≸≷≹≺⊀≻⊁⊂⊄⊃⊅⊆⊈⊇⊉⊢⊬⊨⊭⊩⊮⊫⊯≼⋠≽⋡⊑⋢⊒⋣⊲⋪⊳⋫⊴⋬⊵⋭
        0342 230 ἀἆἁἇἈἎἉἏἠἦἡἧἨἮἩἯἰἶἱἷἸἾἹἿὐὖὑὗὙὟὠὦὡὧὨὮὩὯαᾶ¨῁ηῆ᾿῏ιῖϊῗ῾῟υῦϋῧωῶ
        0345 240 ἀᾀἁᾁἂᾂἃᾃἄᾄἅᾅἆᾆἇᾇἈᾈἉᾉἊᾊἋᾋἌᾌἍᾍἎᾎἏᾏἠᾐἡᾑἢᾒἣᾓἤᾔἥᾕἦᾖἧᾗἨᾘἩᾙἪᾚἫᾛἬᾜἭᾝἮᾞἯᾟὠᾠὡᾡὢᾢὣᾣὤᾤὥᾥὦᾦὧᾧὨᾨὩᾩὪᾪὫᾫὬᾬὭᾭὮᾮὯᾯὰᾲαᾳάᾴᾶᾷΑᾼὴῂηῃήῄῆῇΗῌὼῲωῳ
        0345 240 ώῴῶῷΩῼ
        0653 230 اآ
        0654 230 اأوؤيئەۀہۂےۓ
        0655 220 اإ
        093C 7 नऩरऱळऴ
        102E 0 ဥဦ
        3099 8 かがきぎくぐけげこごさざしじすずせぜそぞただちぢつづてでとどはばひびふぶへべほぼうゔゝゞカガキギクグケゲコゴサザシジスズセゼソゾタダチヂツヅテデトドハバヒビフブヘベホボウヴワヷヰヸヱヹヲヺヽヾ
        309A 8 はぱひぴふぷへぺほぽハパヒピフプヘペホポ
        """;

    // Pairs: a second code of a letter, and its first one.
    private const string Singletons =
        "\u0374ʹ" +
        "\u1F71ά\u1F73έ\u1F75ή\u1F77ί\u1F79ό\u1F7Bύ\u1F7Dώ" +
        "\u1FBBΆ\u1FBEι\u1FC9Έ\u1FCBΉ\u1FD3ΐ\u1FDBΊ\u1FE3ΰ" +
        "\u1FEBΎ\u1FF9Ό\u1FFBΏ\u2126Ω\u212AK\u212BÅ";

    private static readonly Dictionary<char, int> Classes = [];
    private static readonly Dictionary<(char First, char Mark), char> Compositions = [];
    private static readonly Dictionary<char, (char First, char Mark)> Decompositions = [];
    private static readonly Dictionary<char, char> Letters = Singletons.Chunk(2).ToDictionary(pair => pair[0], pair => pair[1]);

    static UnicodeComposition()
    {
        foreach (var line in Table.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = line.Trim().Split(' ', 3);
            var mark = (char)Convert.ToUInt16(parts[0], 16);
            Classes[mark] = int.Parse(parts[1], null);
            foreach (var pair in parts[2].Chunk(2))
            {
                Compositions.Add((pair[0], mark), pair[1]);
                Decompositions.Add(pair[1], (pair[0], mark));
            }
        }
    }

    public static string Compose(string text)
    {
        if (text.All(char.IsAscii))
        {
            return text;
        }

        var characters = new List<char>();
        foreach (var character in text)
        {
            Decompose(character, characters);
        }

        SortMarks(characters);
        return string.Concat(Compose(characters));
    }

    private static void Decompose(char character, List<char> target)
    {
        var letter = Letters.GetValueOrDefault(character, character);
        if (!Decompositions.TryGetValue(letter, out var parts))
        {
            target.Add(letter);
            return;
        }

        Decompose(parts.First, target);
        target.Add(parts.Mark);
    }

    // Marks of different classes have one canonical order; those of one class keep theirs.
    private static void SortMarks(List<char> characters)
    {
        for (var i = 1; i < characters.Count; i++)
        {
            for (var j = i; j > 0 && Class(characters[j]) > 0 && Class(characters[j - 1]) > Class(characters[j]); j--)
            {
                (characters[j - 1], characters[j]) = (characters[j], characters[j - 1]);
            }
        }
    }

    private static List<char> Compose(List<char> characters)
    {
        var composed = new List<char>();
        var starter = -1; // the index of the character that marks are joined with
        foreach (var character in characters)
        {
            // A mark of the same class between the two, or any character without a class, keeps them apart.
            var isNext = starter >= 0 && (starter == composed.Count - 1 || (Class(composed[^1]) is > 0 and var last && last < Class(character)));
            if (isNext && Join(composed[starter], character) is { } joined)
            {
                composed[starter] = joined;
                continue;
            }

            composed.Add(character);
            starter = Class(character) == 0 ? composed.Count - 1 : starter;
        }

        return composed;
    }

    private static int Class(char character) => Classes.GetValueOrDefault(character);

    private static char? Join(char first, char second)
    {
        if (first - LeadBase is >= 0 and < LeadCount and var lead && second - VowelBase is >= 0 and < VowelCount and var vowel)
        {
            return (char)(HangulBase + (((lead * VowelCount) + vowel) * TailCount));
        }

        if (first - HangulBase is >= 0 and < HangulCount and var syllable && syllable % TailCount == 0 && second - TailBase is > 0 and < TailCount and var tail)
        {
            return (char)(first + tail);
        }

        return Compositions.TryGetValue((first, second), out var composed) ? composed : null;
    }
}
