package io.adapt4j.gguf;

import static io.adapt4j.core.Words.split;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.Resources;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.checkpoint.SafetensorsWriter;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.Architectures;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Small encoders with random weights, and tokenizers of the three kinds that they come with. */
final class RandomEncoders {

  /** All encoders by name. */
  private static final Map<String, JsonNode> ALL = new LinkedHashMap<>();

  static {
    Resources.rows(RandomEncoders.class, "random-encoders.jsonl")
        .forEach(row -> ALL.put(row.path("name").asText(), row));
  }

  private RandomEncoders() {}

  private static List<String> names(String group) {
    return ALL.keySet().stream()
        .filter(name -> ALL.get(name).path("group").asText().equals(group))
        .toList();
  }

  static List<String> embedders() {
    return names("embedders");
  }

  static List<String> classifiers() {
    return names("classifiers");
  }

  static Path write(String name, Path folder) throws IOException {
    return write(name, "", folder);
  }

  /** Writes one with other settings, as fields of its configuration. */
  static Path write(String name, String more, Path folder) throws IOException {
    Files.createDirectories(folder);
    int vocabulary =
        switch (ALL.get(name).path("tokenizer").asText()) {
          case "unigram" -> unigram(folder);
          case "bytes" -> bytes(folder, name.equals("roberta"));
          default -> wordPieces(folder, !name.equals("nomic"));
        };
    ObjectNode config = ALL.get(name).path("config").deepCopy();
    config.put("vocab_size", vocabulary + 3);
    config.setAll((ObjectNode) Json.parse("{" + more + "}"));
    Files.writeString(folder.resolve("config.json"), Json.compact(config));
    Random random = new UnsharedRandom(name.hashCode());
    List<TensorData> tensors = new ArrayList<>();
    try (Network network = Architectures.declare(ModelConfig.read(folder))) {
      network.tensors().forEach((tensor, shape) -> tensors.add(random(tensor, shape, random)));
    }
    SafetensorsWriter.create().writeModel(folder, tensors);
    return folder;
  }

  private static TensorData random(String name, List<Long> shape, Random random) {
    int count = Math.toIntExact(shape.stream().reduce(1L, Math::multiplyExact));
    boolean norm = name.matches(".*([nN]orm\\d?|emb_ln)\\.weight");
    boolean zero = name.endsWith("experts.bias");
    double scale = zero ? 0 : shape.size() == 1 ? 0.3 : name.contains("embed") ? 1 : 0.2;
    ByteBuffer bytes = ByteBuffer.allocate(4 * count).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < count; i++) {
      bytes.putFloat((float) ((norm ? 1 : 0) + scale * random.nextGaussian()));
    }
    return TensorData.of(name, StoredType.F32, shape, bytes::flip);
  }

  /** Makes a folder one of Sentence Transformers. */
  static void addModules(Path folder, String pooling, boolean normalizes) throws IOException {
    addModules(folder, 64, pooling, List.of(), normalizes);
  }

  /** Makes a folder one of Sentence Transformers, with Dense layers of these widths. */
  static void addModules(
      Path folder, int width, String pooling, List<Integer> dense, boolean normalizes)
      throws IOException {
    Files.createDirectories(folder.resolve("1_Pooling"));
    Files.writeString(
        folder.resolve("1_Pooling/config.json"),
        "{\"word_embedding_dimension\": "
            + width
            + ", \"pooling_mode_mean_tokens\": "
            + pooling.equals("mean_tokens")
            + ", \"pooling_mode_"
            + pooling
            + "\": true}");
    String type = "\"type\": \"sentence_transformers.models.";
    StringBuilder layers = new StringBuilder();
    int in = width;
    for (int out : dense) {
      String path = "dense" + in;
      writeDense(folder.resolve(path), in, out);
      layers.append(", {\"path\": \"").append(path).append("\", ").append(type).append("Dense\"}");
      in = out;
    }
    Files.writeString(
        folder.resolve("modules.json"),
        "[{\"path\": \"\", "
            + type
            + "Transformer\"}, {\"path\": \"1_Pooling\", "
            + type
            + "Pooling\"}"
            + layers
            + (normalizes ? ", {\"path\": \"2_Normalize\", " + type + "Normalize\"}" : "")
            + "]");
  }

  private static void writeDense(Path folder, int in, int out) throws IOException {
    Files.createDirectories(folder);
    Files.writeString(
        folder.resolve("config.json"),
        ("{\"in_features\": %d, \"out_features\": %d, \"bias\": false, \"activation_function\":"
                + " \"torch.nn.modules.linear.Identity\"}")
            .formatted(in, out));
    SafetensorsWriter.create()
        .writeModel(
            folder,
            List.of(
                random("linear.weight", List.of((long) out, (long) in), new UnsharedRandom(in))));
  }

  /** EmbeddingGemma: a Gemma 3 whose tokens see both ways. */
  static Path writeGemma(Path folder) throws IOException {
    RandomModels.write("gemma3", folder);
    // Only tokenizers of this kind are read from folders.
    Files.delete(folder.resolve("tokenizer.model"));
    for (String file : List.of("tokenizer.json", "tokenizer_config.json")) {
      Files.copy(
          GoldenFolders.of("llama_k").resolve(file),
          folder.resolve(file),
          StandardCopyOption.REPLACE_EXISTING);
    }
    // Gemma's puts no space before a text.
    ObjectNode tokenizer =
        (ObjectNode) Json.parse(Files.readString(folder.resolve("tokenizer.json")));
    tokenizer.set("normalizer", tokenizer.at("/normalizer/normalizers/1"));
    Files.writeString(folder.resolve("tokenizer.json"), Json.compact(tokenizer));
    ObjectNode config = (ObjectNode) Json.parse(Files.readString(folder.resolve("config.json")));
    config
        .put("use_bidirectional_attention", true)
        .putArray("architectures")
        .add("Gemma3TextModel");
    Files.writeString(folder.resolve("config.json"), Json.compact(config));
    addModules(folder, 256, "mean_tokens", List.of(320, 256), true);
    return folder;
  }

  /** As Qwen3-Embedding: a decoder, and the vector of its last token. */
  static Path writeQwen(Path folder) throws IOException {
    RandomModels.write("qwen3_tied", folder);
    addModules(folder, 256, "lasttoken", List.of(), true);
    return folder;
  }

  private static ObjectNode tokenizer(String... special) {
    ObjectNode root = JsonNodeFactory.instance.objectNode().put("version", "1.0");
    root.putNull("truncation").putNull("padding");
    ArrayNode added = root.putArray("added_tokens");
    for (int id = 0; id < special.length; id++) {
      added(added, id, special[id]);
    }
    return root;
  }

  private static void added(ArrayNode target, int id, String text) {
    target
        .addObject()
        .put("id", id)
        .put("content", text)
        .put("single_word", false)
        .put("lstrip", false)
        .put("rstrip", false)
        .put("normalized", false)
        .put("special", true);
  }

  /** Puts tokens around a text and between two. */
  private static void frame(
      ObjectNode root, String first, int firstId, String last, int lastId, boolean twice)
      throws IOException {
    String begin = "{\"SpecialToken\": {\"id\": \"" + first + "\", \"type_id\": 0}}";
    String end = "{\"SpecialToken\": {\"id\": \"" + last + "\", \"type_id\": %d}}";
    String text = "{\"Sequence\": {\"id\": \"%s\", \"type_id\": %d}}";
    int second = twice ? 0 : 1;
    String single = begin + "," + text.formatted("A", 0) + "," + end.formatted(0);
    String pair =
        single
            + (twice ? "," + end.formatted(0) : "")
            + ","
            + text.formatted("B", second)
            + ","
            + end.formatted(second);
    String special = "\"%s\": {\"id\": \"%s\", \"ids\": [%d], \"tokens\": [\"%s\"]}";
    root.set(
        "post_processor",
        Json.parse(
            "{\"type\": \"TemplateProcessing\", \"single\": ["
                + single
                + "], \"pair\": ["
                + pair
                + "], \"special_tokens\": {"
                + special.formatted(first, first, firstId, first)
                + ","
                + special.formatted(last, last, lastId, last)
                + "}}"));
  }

  private static void config(Path folder, String fields) throws IOException {
    Files.writeString(
        folder.resolve("tokenizer_config.json"),
        "{\"tokenizer_class\": \"PreTrainedTokenizerFast\", " + fields + "}");
  }

  private static int wordPieces(Path folder, boolean lowercase) throws IOException {
    ObjectNode root = tokenizer("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]");
    root.putObject("normalizer")
        .put("type", "BertNormalizer")
        .put("clean_text", true)
        .put("handle_chinese_chars", true)
        .put("lowercase", lowercase)
        .putNull("strip_accents");
    root.putObject("pre_tokenizer").put("type", "BertPreTokenizer");
    frame(root, "[CLS]", 2, "[SEP]", 3, false);
    root.putObject("decoder").put("type", "WordPiece").put("prefix", "##").put("cleanup", true);
    ObjectNode model = root.putObject("model").put("type", "WordPiece").put("unk_token", "[UNK]");
    model.put("continuing_subword_prefix", "##").put("max_input_chars_per_word", 100);
    ObjectNode vocab = model.putObject("vocab");
    List<String> pieces = new ArrayList<>(List.of("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"));
    for (char c = '!'; c <= '~'; c++) {
      pieces.add(String.valueOf(c));
      if (Character.isLetterOrDigit(c)) {
        pieces.add("##" + c);
      }
    }
    pieces.addAll(
        List.of(
            split("|", "once|upon|time|there|##ed|##ly|girl|\u4f60|gru|##\u00df|\u00fc|##\u00fc")));
    pieces.forEach(piece -> vocab.put(piece, vocab.size()));
    Files.writeString(folder.resolve("tokenizer.json"), Json.compact(root));
    config(
        folder,
        "\"cls_token\": \"[CLS]\", \"sep_token\": \"[SEP]\", \"pad_token\": \"[PAD]\","
            + " \"unk_token\": \"[UNK]\", \"mask_token\": \"[MASK]\"");
    return vocab.size();
  }

  private static int unigram(Path folder) throws IOException {
    ObjectNode root = tokenizer("<s>", "<pad>", "</s>", "<unk>");
    root.putObject("normalizer")
        .put("type", "Precompiled")
        .put(
            "precompiled_charsmap",
            CharacterMap.encoded(
                Map.of("\ufb01", "fi", "\uff21", "A", "\u2460", "1", "\u00a0", " ")));
    String metaspace =
        "{\"type\": \"Metaspace\", \"replacement\": \"\u2581\", \"prepend_scheme\": \"always\"}";
    root.set(
        "pre_tokenizer",
        Json.parse(
            "{\"type\": \"Sequence\", \"pretokenizers\": [{\"type\": \"WhitespaceSplit\"}, "
                + metaspace
                + "]}"));
    frame(root, "<s>", 0, "</s>", 2, true);
    root.set("decoder", Json.parse(metaspace));
    ObjectNode model = root.putObject("model").put("type", "Unigram").put("unk_id", 3);
    ArrayNode vocab = model.putArray("vocab");
    for (String special : List.of("<s>", "<pad>", "</s>", "<unk>")) {
      vocab.addArray().add(special).add(0.0);
    }
    vocab.addArray().add("\u2581").add(-3.5);
    for (char c = '!'; c <= '~'; c++) {
      vocab.addArray().add(String.valueOf(c)).add(-6 - 0.01 * (c % 37));
    }
    double score = -4;
    for (String piece :
        List.of(
            split(
                "|",
                "\u2581Once|\u2581up|on|\u2581time|\u2581a|\u2581the|re|fi|er|girl|\u2581\u4f60",
                "\u00fc|\u00df"))) {
      vocab.addArray().add(piece).add(score);
      score -= 0.25;
    }
    vocab.addArray().add("<mask>").add(0.0);
    added((ArrayNode) root.get("added_tokens"), vocab.size() - 1, "<mask>");
    Files.writeString(folder.resolve("tokenizer.json"), Json.compact(root));
    config(
        folder,
        "\"bos_token\": \"<s>\", \"eos_token\": \"</s>\", \"cls_token\": \"<s>\", \"sep_token\":"
            + " \"</s>\", \"pad_token\": \"<pad>\", \"unk_token\": \"<unk>\", \"mask_token\":"
            + " \"<mask>\"");
    return vocab.size();
  }

  /** GPT-2's with an encoder's tokens; those of RoBERTa are the first. */
  private static int bytes(Path folder, boolean roberta) throws IOException {
    ObjectNode root =
        (ObjectNode)
            Json.parse(Files.readString(GoldenFolders.of("gpt2").resolve("tokenizer.json")));
    ObjectNode vocab = (ObjectNode) root.get("model").get("vocab");
    ArrayNode added = root.putArray("added_tokens");
    List<String> special =
        roberta
            ? List.of("<s>", "</s>", "<pad>", "<unk>", "<mask>")
            : List.of("[CLS]", "[SEP]", "[PAD]", "[UNK]", "[MASK]");
    int first = vocab.size();
    for (int i = 0; i < special.size(); i++) {
      added(added, first + i, special.get(i));
    }
    if (roberta) {
      root.set(
          "post_processor",
          Json.parse(
              "{\"type\": \"RobertaProcessing\", \"sep\": [\"</s>\", %d], \"cls\": [\"<s>\", %d],"
                      .formatted(first + 1, first)
                  + " \"trim_offsets\": true, \"add_prefix_space\": false}"));
    } else {
      frame(root, special.get(0), first, special.get(1), first + 1, false);
    }
    Files.writeString(folder.resolve("tokenizer.json"), Json.compact(root));
    config(
        folder,
        "\"cls_token\": \"%s\", \"sep_token\": \"%s\", \"pad_token\": \"%s\", \"unk_token\": \"%s\","
                .formatted(special.get(0), special.get(1), special.get(2), special.get(3))
            + " \"mask_token\": \"%s\"".formatted(special.get(4)));
    return first + special.size();
  }
}
