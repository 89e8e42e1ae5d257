package io.adapt4j.gguf.internal.load;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.gguf.format.GgufMetadata;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/** Converts the tokenizer in a file's metadata to the tokenizer files of a checkpoint. */
final class GgufTokenizer {

  private static final String PREFIX = "tokenizer.ggml.";

  private static final String SPACE = "\u2581";

  /** Pre-tokenizers whose texts begin with a BOS token unless the file states otherwise. */
  private static final Set<String> WITH_BEGINNING = Set.of("llama-bpe", "llama3", "tekken");

  /** Default ids of BERT's special tokens. */
  private static final Map<String, Integer> BERT =
      Map.of("bos", 101, "unknown", 100, "seperator", 102, "padding", 0, "mask", 103);

  private final Path file;
  private final GgufMetadata metadata;
  private final String model;

  /** Whether the model is an encoder. */
  private final boolean readsTexts;

  GgufTokenizer(Path file, GgufMetadata metadata, boolean readsTexts) {
    this.file = file;
    this.readsTexts = readsTexts;
    this.metadata = metadata;
    this.model = metadata.string(PREFIX + "model").orElse("none");
  }

  boolean isPresent() {
    return !model.equals("none");
  }

  Optional<String> chatTemplate() {
    return metadata.string("tokenizer.chat_template");
  }

  /** Returns the content of {@code generation_config.json}: all end-of-text tokens. */
  ObjectNode generation() {
    ObjectNode fields = JsonNodeFactory.instance.objectNode();
    id("bos").ifPresent(id -> fields.put("bos_token_id", id));
    Set<Integer> ends = new LinkedHashSet<>();
    for (String key : List.of("eos", "eot", "eom")) {
      id(key).ifPresent(ends::add);
    }
    if (isPresent()) {
      ends.addAll(GgufVocabulary.read(file, metadata).endTokens());
    }
    if (ends.size() == 1) {
      fields.put("eos_token_id", ends.iterator().next());
    } else if (!ends.isEmpty()) {
      ArrayNode all = fields.putArray("eos_token_id");
      ends.forEach(all::add);
    }
    id("padding").ifPresent(id -> fields.put("pad_token_id", id));
    return fields;
  }

  private OptionalInt id(String token) {
    OptionalInt stated = stated(token);
    if (stated.isEmpty() && isUnigram()) {
      return UnigramTokenizer.usualId(token);
    }
    return stated.isPresent() || !isWordPiece() || !BERT.containsKey(token)
        ? stated
        : OptionalInt.of(Objects.requireNonNull(BERT.get(token)));
  }

  private OptionalInt stated(String token) {
    return metadata.integer(PREFIX + token + "_token_id").stream()
        .filter(id -> id >= 0 && id <= Integer.MAX_VALUE)
        .mapToInt(id -> (int) id)
        .findFirst();
  }

  private boolean isUnigram() {
    return model.equals(UnigramTokenizer.MODEL);
  }

  /** Returns the content of {@code tokenizer_config.json}. */
  ObjectNode config() {
    GgufVocabulary vocabulary = GgufVocabulary.read(file, metadata);
    ObjectNode fields = JsonNodeFactory.instance.objectNode();
    fields.put("tokenizer_class", "PreTrainedTokenizerFast");
    fields.put("clean_up_tokenization_spaces", isWordPiece());
    fields.put("add_bos_token", addsBeginning());
    fields.put("add_eos_token", addsEnd());
    putToken(fields, "bos_token", "bos", vocabulary);
    putToken(fields, "eos_token", "eos", vocabulary);
    putToken(fields, "unk_token", "unknown", vocabulary);
    putToken(fields, "pad_token", "padding", vocabulary);
    if (readsTexts) {
      putToken(fields, "cls_token", "bos", vocabulary);
      putToken(fields, "sep_token", closing(), vocabulary);
      putToken(fields, "mask_token", "mask", vocabulary);
    }
    return fields;
  }

  private boolean isWordPiece() {
    return model.equals("bert");
  }

  /** Returns the role of the token that closes a text; BERT has a separate one. */
  private String closing() {
    return isWordPiece() ? "seperator" : "eos";
  }

  private void putToken(ObjectNode fields, String field, String key, GgufVocabulary vocabulary) {
    OptionalInt id = id(key);
    if (id.isPresent()) {
      fields.put(field, token(key, id.getAsInt(), vocabulary));
    }
  }

  private String token(String key, int id, GgufVocabulary vocabulary) {
    if (id >= vocabulary.tokens().size()) {
      throw GgufVocabulary.damaged(
          file, key + "_token_id", "below " + vocabulary.tokens().size(), String.valueOf(id));
    }
    return vocabulary.tokens().get(id);
  }

  private boolean addsBeginning() {
    return metadata
        .bool(PREFIX + "add_bos_token")
        .orElse(
            model.equals("llama")
                || model.equals("gemma4")
                || readsTexts
                || WITH_BEGINNING.contains(pre()));
  }

  private boolean addsEnd() {
    // llama.cpp always appends the closing token for BERT.
    return isWordPiece()
        || metadata.bool(PREFIX + "add_eos_token").orElse(readsTexts || isUnigram());
  }

  private String pre() {
    return metadata.string(PREFIX + "pre").orElse("default");
  }

  /** Returns the content of {@code tokenizer.json}. */
  ObjectNode tokenizer() {
    GgufVocabulary vocabulary = GgufVocabulary.read(file, metadata);
    ObjectNode fields = JsonNodeFactory.instance.objectNode();
    fields.put("version", "1.0");
    fields.putNull("truncation");
    fields.putNull("padding");
    fields.set("added_tokens", added(vocabulary));
    switch (isWordPiece() && !readsTexts ? "" : model) {
      case "gpt2" -> byteLevel(fields, vocabulary);
      case "llama" -> sentencePiece(fields, vocabulary, vocabulary.merges());
      case "bert" ->
          EncoderTokenizers.wordPieces(
              fields, vocabulary, metadata, token("unknown", id("unknown").orElse(0), vocabulary));
      case "gemma4" -> {
        sentencePiece(fields, vocabulary, merges());
        cutAtLines(fields);
      }
      case UnigramTokenizer.MODEL ->
          new UnigramTokenizer(file, metadata, vocabulary, id("unknown")).describe(fields);
      default ->
          throw CheckpointException.inField(
              file,
              PREFIX + "model",
              "gpt2, llama, gemma4" + (readsTexts ? ", bert" : "") + " or t5",
              "'" + model + "'",
              "This kind of tokenizer is not supported; use the model's checkpoint.");
    }
    if (addsBeginning() || addsEnd()) {
      fields.set("post_processor", template(vocabulary));
    }
    return fields;
  }

  private ArrayNode added(GgufVocabulary vocabulary) {
    ArrayNode added = JsonNodeFactory.instance.arrayNode();
    for (int id = 0; id < vocabulary.tokens().size(); id++) {
      if (vocabulary.isAdded(id)) {
        added
            .addObject()
            .put("id", id)
            .put("content", text(id, vocabulary))
            .put("single_word", false)
            .put("lstrip", false)
            .put("rstrip", false)
            .put("normalized", false)
            .put("special", vocabulary.types()[id] != GgufVocabulary.USER_DEFINED);
      }
    }
    return added;
  }

  private String text(int id, GgufVocabulary vocabulary) {
    String token = vocabulary.tokens().get(id);
    return isWordPiece() ? EncoderTokenizers.wordPiece(token, vocabulary.isSpecial(id)) : token;
  }

  private void byteLevel(ObjectNode fields, GgufVocabulary vocabulary) {
    String pre = pre();
    ObjectNode cuts =
        NamedPreTokenizers.of(pre)
            .orElseThrow(
                () ->
                    CheckpointException.inField(
                        file,
                        PREFIX + "pre",
                        "a name of a pre-tokenizer that is known",
                        "'" + pre + "'",
                        "How this tokenizer cuts texts is not known; use the model's checkpoint."));
    if (NamedPreTokenizers.normalizes(pre)) {
      fields.putObject("normalizer").put("type", "NFC");
    } else {
      fields.putNull("normalizer");
    }
    fields.set("pre_tokenizer", cuts);
    fields.set("post_processor", NamedPreTokenizers.byteLevel(false));
    fields.set("decoder", NamedPreTokenizers.byteLevel(false));
    ObjectNode bpe = model(fields, vocabulary);
    bpe.putNull("unk_token");
    bpe.put("fuse_unk", false).put("byte_fallback", false);
    bpe.put("ignore_merges", NamedPreTokenizers.ignoresMerges(pre));
    putMerges(bpe, merges());
  }

  private List<String[]> merges() {
    List<String[]> merges = new ArrayList<>();
    for (String merge : metadata.strings(PREFIX + "merges").orElseGet(List::of)) {
      int space = merge.indexOf(' ', 1);
      if (space < 0) {
        throw GgufVocabulary.damaged(file, "merges", "two tokens and a space", "'" + merge + "'");
      }
      merges.add(new String[] {merge.substring(0, space), merge.substring(space + 1)});
    }
    return merges;
  }

  private static void putMerges(ObjectNode bpe, List<String[]> all) {
    ArrayNode merges = bpe.putArray("merges");
    all.forEach(merge -> merges.addArray().add(merge[0]).add(merge[1]));
  }

  /** Splits at line breaks; a run of them may be one token. */
  private static void cutAtLines(ObjectNode fields) {
    ObjectNode split = fields.putObject("pre_tokenizer").put("type", "Split");
    split.putObject("pattern").put("Regex", "[\\n]+");
    split.put("behavior", "Isolated").put("invert", false);
    fields.withObject("/model").put("ignore_merges", true);
  }

  private void sentencePiece(ObjectNode fields, GgufVocabulary vocabulary, List<String[]> merges) {
    ArrayNode steps =
        fields.putObject("normalizer").put("type", "Sequence").putArray("normalizers");
    boolean prefixed = metadata.bool(PREFIX + "add_space_prefix").orElse(true);
    if (prefixed) {
      steps.addObject().put("type", "Prepend").put("prepend", SPACE);
    }
    replace(steps, " ", SPACE);
    fields.putNull("pre_tokenizer");
    fields.putNull("post_processor");
    ArrayNode decoders = fields.putObject("decoder").put("type", "Sequence").putArray("decoders");
    replace(decoders, SPACE, " ");
    decoders.addObject().put("type", "ByteFallback");
    decoders.addObject().put("type", "Fuse");
    if (prefixed) {
      decoders.addObject().put("type", "Strip").put("content", " ").put("start", 1).put("stop", 0);
    }
    ObjectNode bpe = model(fields, vocabulary);
    int unknown = id("unknown").orElse(0);
    bpe.put("unk_token", token("unknown", unknown, vocabulary));
    bpe.put("fuse_unk", true).put("byte_fallback", true).put("ignore_merges", false);
    putMerges(bpe, merges);
  }

  private static void replace(ArrayNode steps, String from, String to) {
    ObjectNode step = steps.addObject().put("type", "Replace");
    step.putObject("pattern").put("String", from);
    step.put("content", to);
  }

  private ObjectNode model(ObjectNode fields, GgufVocabulary vocabulary) {
    ObjectNode bpe = fields.putObject("model").put("type", "BPE");
    bpe.putNull("dropout");
    bpe.putNull("continuing_subword_prefix");
    bpe.putNull("end_of_word_suffix");
    ObjectNode ids = bpe.putObject("vocab");
    for (int id = 0; id < vocabulary.tokens().size(); id++) {
      if (!vocabulary.isPlaceholder(id)) {
        ids.put(vocabulary.tokens().get(id), id);
      }
    }
    return bpe;
  }

  /** Returns the post-processor that adds BOS and EOS tokens. */
  private ObjectNode template(GgufVocabulary vocabulary) {
    ObjectNode processor = JsonNodeFactory.instance.objectNode().put("type", "TemplateProcessing");
    Optional<Named> first = named("bos", addsBeginning(), vocabulary);
    Optional<Named> last = named(closing(), addsEnd(), vocabulary);
    boolean separates =
        readsTexts && metadata.bool(PREFIX + "add_sep_token").orElse(pre().equals("roberta-bpe"));
    ArrayNode single = processor.putArray("single");
    first.ifPresent(token -> special(single, token, 0));
    single.addObject().putObject("Sequence").put("id", "A").put("type_id", 0);
    last.ifPresent(token -> special(single, token, 0));
    ArrayNode pair = processor.putArray("pair");
    for (int text = 0; text < 2; text++) {
      int type = text;
      if (text == 0 || !readsTexts) {
        first.ifPresent(token -> special(pair, token, type));
      } else if (separates) {
        named("seperator", true, vocabulary)
            .or(() -> last)
            .ifPresent(token -> special(pair, token, type));
      }
      pair.addObject().putObject("Sequence").put("id", text == 0 ? "A" : "B").put("type_id", type);
      last.ifPresent(token -> special(pair, token, type));
    }
    ObjectNode tokens = processor.putObject("special_tokens");
    first.ifPresent(token -> token.describe(tokens));
    last.ifPresent(token -> token.describe(tokens));
    if (separates) {
      named("seperator", true, vocabulary).ifPresent(token -> token.describe(tokens));
    }
    return processor;
  }

  private Optional<Named> named(String key, boolean wanted, GgufVocabulary vocabulary) {
    OptionalInt id = id(key);
    return wanted && id.isPresent()
        ? Optional.of(new Named(token(key, id.getAsInt(), vocabulary), id.getAsInt()))
        : Optional.empty();
  }

  private static void special(ArrayNode target, Named token, int type) {
    target.addObject().putObject("SpecialToken").put("id", token.text()).put("type_id", type);
  }

  /** A special token. */
  private record Named(String text, int id) {

    void describe(ObjectNode tokens) {
      ObjectNode description = tokens.putObject(text).put("id", text);
      description.putArray("ids").add(id);
      description.putArray("tokens").add(text);
    }
  }
}
