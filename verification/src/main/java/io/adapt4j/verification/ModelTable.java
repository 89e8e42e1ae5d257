package io.adapt4j.verification;

import io.adapt4j.gguf.internal.family.Families;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Writes the page of models: {@code ModelTable docs/models.md [FOLDER...]}, where the folders hold
 * checkpoints with reference results of Transformers.
 */
public final class ModelTable {

  /** Model types verified against Transformers. */
  static final Set<String> COMPARED =
      Set.of(
          "bart",
          "bert",
          "cohere2",
          "deberta-v2",
          "electra",
          "gemma",
          "gemma2",
          "gemma3_text",
          "glm4",
          "gpt2",
          "gpt_neox",
          "gpt_oss",
          "granitemoehybrid",
          "lfm2",
          "llama",
          "ministral",
          "mistral",
          "mixtral",
          "modernbert",
          "mpnet",
          "olmo3",
          "phi",
          "qwen2",
          "qwen2_moe",
          "qwen3",
          "qwen3_moe",
          "qwen3_next",
          "starcoder2",
          "t5",
          "xlm-roberta");

  private static final Path RESOURCES = Path.of("core/fixtures");

  /** Section on configurations and tensors of every family. */
  private static final String FILES =
      """

      ## What a folder says

      **Transformers 4 and 5.** Where the two read one file in two ways, the version that wrote it decides: 5 or later in
      `transformers_version`, or a field `rope_parameters`.

      - `tie_word_embeddings: true` beside a stored output matrix with other values than the embedding: version 4 ties the
        two and ignores the stored one, version 5 uses it. So it is here, and a warning says which was done (when the model
        is loaded, and in `adapt4j inspect`). A stored matrix with the embedding's values is just tied. A model that is
        saved says `false` where it has a separate matrix.
      - T5: `scale_decoder_outputs` says whether the decoder's states are scaled by `d_model` to the power of -0.5; where it
        is absent, `tie_word_embeddings` does. Files of version 5 are scaled never (mT5) or always (umT5), as it does.
      - Apertus: version 4 holds the learned numbers of the activation in bfloat16 in a model of any type, and rounds what it
        computes of them; version 5 and this library compute in the model's type. Logits differ from version 4's by about
        1e-3 for that.

      **Fields of `config.json`.** For each family there is a list of every field that its class has in Transformers 4.57
      and 5.15, and of those in published files.

      - A field that is read, or has no effect on what is computed: nothing is said.
      - A field that this build does not read, with a value that changes what the model computes (a soft cap, a window, experts,
        `rope_interleaved: true`): refused, naming the field and its value.
      - A field in no list: refused if its name says that something is multiplied or limited (`scale`, `scaling`, `multiplier`,
        `softcap`, `clip`) and its value is not 1, off or empty. All others are named in a warning with their values, as nobody
        can say what they do; nothing is computed with them.

      **Tensors that are not read.** Copies of the embedding, masks, positions in order, rotary frequencies and tables of
      sines, as older files have them, are compared with what is computed in their place, and a model with other values is
      refused by the tensor's name. Pegasus and MarianMT read tables of positions where a file has them. Parts of other
      models are left out: a pooling layer or a head that the model's class does not have, images, layers that guess
      several tokens.
      """;

  private static final Pattern TYPE = Pattern.compile("\"model_type\"\\s*:\\s*\"([^\"]+)\"");

  private ModelTable() {}

  /** Group of models by capability. */
  enum Group {
    DENSE("Decoders", "generate, chat, score, classify, embed; train in full and with adapters"),
    MIXTURE("Mixtures of experts", "as decoders; adapters on attention and on experts"),
    HYBRID("Hybrids of attention and states", "as decoders; no prompt lookup"),
    ENCODER("Encoders", "embed, classify texts and tokens, fill masks; train likewise"),
    SEQUENCE("Encoder-decoders", "generate with beams; train in full and with LoRA");

    private final String title;
    private final String does;

    Group(String title, String does) {
      this.title = title;
      this.does = does;
    }
  }

  /** A model family. */
  record Row(Group group, String name, String sizes, List<String> types) {}

  /** {@return every family, in the order of the page} */
  static List<Row> rows() {
    return Stream.of(
            row(Group.DENSE, "Llama 2 to 3.3, TinyLlama, SmolLM 2, Yi", "135M to 405B", "llama"),
            row(Group.DENSE, "Mistral", "7B to 24B", "mistral"),
            row(Group.DENSE, "Ministral", "3B, 8B", "ministral"),
            row(
                Group.DENSE,
                "Ministral 3, Mistral Small 3 (text)",
                "3B to 24B",
                "ministral3",
                "mistral3"),
            row(Group.DENSE, "Apertus", "8B, 70B", "apertus"),
            row(Group.DENSE, "Qwen 2, 2.5", "0.5B to 72B", "qwen2"),
            row(Group.DENSE, "Qwen 3", "0.6B to 32B", "qwen3"),
            row(Group.DENSE, "Gemma 1", "2B, 7B", "gemma"),
            row(Group.DENSE, "Gemma 2", "2B to 27B", "gemma2"),
            row(Group.DENSE, "VaultGemma", "1B", "vaultgemma"),
            row(Group.DENSE, "Gemma 3 (text), EmbeddingGemma", "270M to 1B", "gemma3_text"),
            row(Group.DENSE, "Gemma 3 (text of the whole)", "4B to 27B", "gemma3"),
            row(Group.DENSE, "Gemma 3n (text)", "E2B, E4B", "gemma3n_text", "gemma3n"),
            row(Group.DENSE, "Gemma 4 (text)", "E2B to 31B, 26B-A4B", "gemma4_text", "gemma4"),
            row(Group.DENSE, "Phi 1 to 2", "1.3B, 2.7B", "phi"),
            row(Group.DENSE, "Phi 3 to 4", "3.8B, 14B", "phi3"),
            row(Group.DENSE, "SmolLM 3", "3B", "smollm3"),
            row(Group.DENSE, "OLMo 1", "1B, 7B", "olmo"),
            row(Group.DENSE, "OLMo 2", "1B to 32B", "olmo2"),
            row(Group.DENSE, "OLMo 3", "7B, 32B", "olmo3"),
            row(Group.DENSE, "Granite 3", "2B, 8B", "granite"),
            row(Group.DENSE, "GLM-4", "9B, 32B", "glm", "glm4"),
            row(Group.DENSE, "Command R, R7B", "7B to 104B", "cohere", "cohere2"),
            row(Group.DENSE, "StarCoder 2", "3B to 15B", "starcoder2"),
            row(Group.DENSE, "StableLM 2, 3", "1.6B to 12B", "stablelm"),
            row(Group.DENSE, "Nemotron, Minitron", "4B to 340B", "nemotron"),
            row(Group.DENSE, "EXAONE 4", "1.2B, 32B", "exaone4"),
            row(Group.DENSE, "Seed-OSS", "36B", "seed_oss"),
            row(Group.DENSE, "Hunyuan (dense)", "0.5B to 7B", "hunyuan_v1_dense"),
            row(Group.DENSE, "Arcee AFM", "4.5B", "arcee"),
            row(Group.DENSE, "ERNIE 4.5 (dense)", "0.3B", "ernie4_5"),
            row(Group.DENSE, "Helium", "2B", "helium"),
            row(Group.DENSE, "Falcon, Falcon 2", "7B to 180B", "falcon"),
            row(Group.DENSE, "InternLM 2, 2.5", "1.8B to 20B", "internlm2"),
            row(Group.DENSE, "GPT-2", "124M to 1.5B", "gpt2"),
            row(Group.DENSE, "GPT-NeoX, Pythia", "14M to 20B", "gpt_neox"),
            row(Group.DENSE, "GPT-Neo, TinyStories", "1M to 2.7B", "gpt_neo"),
            row(Group.DENSE, "GPT-J", "6B", "gptj"),
            row(Group.DENSE, "StarCoder 1", "1B to 15B", "gpt_bigcode"),
            row(Group.DENSE, "OPT, Galactica", "125M to 66B", "opt"),
            row(Group.DENSE, "BLOOM, BLOOMZ", "560M to 176B", "bloom"),
            row(Group.DENSE, "MPT", "7B, 30B", "mpt"),
            row(Group.MIXTURE, "Mixtral", "8x7B, 8x22B", "mixtral"),
            row(Group.MIXTURE, "Qwen 1.5 and 2 MoE", "14B, 57B", "qwen2_moe"),
            row(Group.MIXTURE, "Qwen 3 MoE", "30B, 235B", "qwen3_moe"),
            row(Group.MIXTURE, "OLMoE", "7B", "olmoe"),
            row(Group.MIXTURE, "gpt-oss", "20B, 120B", "gpt_oss"),
            row(Group.MIXTURE, "Granite MoE", "1B, 3B", "granitemoe", "granitemoeshared"),
            row(Group.MIXTURE, "ERNIE 4.5", "21B, 300B", "ernie4_5_moe"),
            row(Group.MIXTURE, "GLM-4.5", "106B, 355B", "glm4_moe"),
            row(Group.MIXTURE, "dots.llm1", "142B", "dots1"),
            row(Group.HYBRID, "Qwen3-Next", "80B", "qwen3_next"),
            row(Group.HYBRID, "Qwen 3.5 (text)", "0.8B to 27B", "qwen3_5", "qwen3_5_text"),
            row(Group.HYBRID, "Qwen 3.5 MoE (text)", "35B", "qwen3_5_moe", "qwen3_5_moe_text"),
            row(Group.HYBRID, "LFM2", "350M to 2.6B", "lfm2"),
            row(Group.HYBRID, "Granite 4", "1B to 32B", "granitemoehybrid"),
            row(Group.HYBRID, "Bamba", "9B", "bamba"),
            row(Group.HYBRID, "Falcon-H1", "0.5B to 34B", "falcon_h1"),
            row(Group.ENCODER, "BERT, sentence encoders such as MiniLM", "22M to 340M", "bert"),
            row(Group.ENCODER, "RoBERTa, CamemBERT", "110M to 355M", "roberta", "camembert"),
            row(Group.ENCODER, "XLM-RoBERTa, bge-m3, e5", "278M, 560M", "xlm-roberta"),
            row(Group.ENCODER, "DistilBERT", "66M", "distilbert"),
            row(Group.ENCODER, "ModernBERT", "149M, 395M", "modernbert"),
            row(Group.ENCODER, "MPNet", "110M", "mpnet"),
            row(Group.ENCODER, "ELECTRA", "14M to 335M", "electra"),
            row(Group.ENCODER, "ALBERT", "12M to 223M", "albert"),
            row(Group.ENCODER, "DeBERTa v2, v3", "22M to 1.5B", "deberta-v2"),
            row(Group.ENCODER, "Nomic BERT", "137M, 475M (mixture)", "nomic_bert"),
            row(Group.ENCODER, "gte v1.5, gte multilingual", "137M to 434M", "new"),
            row(Group.SEQUENCE, "T5, FLAN-T5, mT5", "60M to 13B", "t5", "mt5"),
            row(Group.SEQUENCE, "umT5", "300M to 13B", "umt5"),
            row(Group.SEQUENCE, "BART", "139M, 406M", "bart"),
            row(Group.SEQUENCE, "mBART", "611M", "mbart"),
            row(Group.SEQUENCE, "M2M100, NLLB (dense)", "418M to 3.3B", "m2m_100"),
            row(Group.SEQUENCE, "Pegasus", "568M", "pegasus"),
            row(Group.SEQUENCE, "MarianMT", "74M", "marian"))
        .toList();
  }

  private static Row row(Group group, String name, String sizes, String... types) {
    return new Row(group, name, sizes, List.of(types));
  }

  /** Builds the page. */
  static String page(Set<String> referenced) {
    StringBuilder page =
        new StringBuilder(
            """
            # Models

            Checkpoints in the formats of the Hugging Face libraries load from a folder or [the Hub](hub.md), plain, in
            FP8 (of Transformers, FBGEMM or compressed-tensors, by tensor, row or block; unpacked as it is read), or in
            [8 or 4 bits](qlora.md) where they have linear layers. All are trained in full and with
            [adapters](adapters.md), planned, merged and saved. A model of another `model_type` whose tensors and fields are
            all those of Llama, Mistral, Qwen 2, Qwen 3 or OLMo 2 is read as that family, which warnings, plans, training reports and
            `adapt4j inspect` say; of every other one `adapt4j inspect` says what of it is known. Folders of Transformers 4.57 and 5.15
            are [read alike](verification.md#folders-of-transformers-457-and-515).

            **Verified**: *T* with numbers that Transformers 4.57 computed (logits to 1e-4, gradients, greedy tokens), *R*
            with a second implementation in numpy that is no part of the library, *L* by llama.cpp, which generates the same
            tokens from the exported file. Sizes are those of usual models; only small ones were run.

            This page is written by `ModelTable` from the families of the build.
            """);
    for (Group group : Group.values()) {
      page.append("\n## ").append(group.title).append("\n\n");
      page.append("They ").append(group.does).append(".\n\n");
      page.append(
          "| family | sizes | `model_type` | GGUF | verified |\n| --- | --- | --- | --- | --- |\n");
      rows().stream()
          .filter(row -> row.group() == group)
          .forEach(row -> page.append(line(row, referenced)));
    }
    return page.append(FILES).toString();
  }

  private static String line(Row row, Set<String> referenced) {
    String types = row.types().stream().map("`%s`"::formatted).collect(Collectors.joining(", "));
    boolean gguf = row.types().stream().anyMatch(Families::hasModelType);
    List<String> verified =
        Stream.of(
                row.types().stream().anyMatch(COMPARED::contains) ? "T" : "",
                row.types().stream().anyMatch(referenced::contains) ? "R" : "",
                gguf ? "L" : "")
            .filter(mark -> !mark.isEmpty())
            .toList();
    return "| %s | %s | %s | %s | %s |%n"
        .formatted(
            row.name(),
            row.sizes(),
            types,
            gguf ? "in and out" : "",
            verified.isEmpty() ? "by its parts" : String.join(", ", verified));
  }

  /** Returns the model types of all checkpoints below a folder. */
  static Set<String> types(Path folder) throws IOException {
    Set<String> types = new TreeSet<>();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(path -> path.endsWith("config.json")).toList()) {
        Matcher matcher = TYPE.matcher(Files.readString(file, StandardCharsets.UTF_8));
        while (matcher.find()) {
          types.add(matcher.group(1));
        }
      }
    }
    return types;
  }

  /** Returns the model types verified by the second implementation. */
  static Set<String> referenced(Path resources) throws IOException {
    Set<String> types = types(resources.resolve("families"));
    types.addAll(types(resources.resolve("sequences")));
    return types;
  }

  /**
   * Writes the page from the root of the project.
   *
   * @param args the page and optionally folders with golden models
   * @throws IOException if a file cannot be read or written
   */
  public static void main(String[] args) throws IOException {
    if (args.length == 0) {
      System.err.println("Usage: ModelTable docs/models.md [FOLDER...]");
      System.exit(2);
    }
    for (String folder : Arrays.asList(args).subList(1, args.length)) {
      Set<String> missing = new TreeSet<>(COMPARED);
      missing.removeAll(types(Path.of(folder)));
      System.out.println(folder + " has no model of " + missing);
    }
    Files.writeString(Path.of(args[0]), page(referenced(RESOURCES)));
  }
}
