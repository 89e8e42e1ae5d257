package io.adapt4j.gguf.internal.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.gguf.format.GgufMetadata;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Special tokens by role, and those added around every text. */
final class SpecialVocabulary {

  /** Roles by their names in Transformers. */
  static final List<String> ROLES = List.of("bos", "eos", "unk", "sep", "pad", "cls", "mask");

  private static final Map<String, String> KEYS =
      Map.of(
          "bos", "bos_token_id",
          "eos", "eos_token_id",
          "unk", "unknown_token_id",
          "sep", "seperator_token_id",
          "pad", "padding_token_id",
          "cls", "cls_token_id",
          "mask", "mask_token_id",
          "eot", "eot_token_id",
          "eom", "eom_token_id");

  private final Map<String, Integer> ids = new LinkedHashMap<>();
  private final Map<String, Boolean> added = new LinkedHashMap<>();
  private final List<String> roles = new ArrayList<>(ROLES);
  private final ObjectNode config;
  private boolean lowercase;

  private SpecialVocabulary(ObjectNode config) {
    this.config = config;
  }

  static SpecialVocabulary read(TokenizerFolder folder, int size) {
    SpecialVocabulary special = new SpecialVocabulary(folder.config().deepCopy());
    folder.tokenizer().ifPresent(root -> special.readTokenizer(root, folder.hasConfig()));
    if (folder.hasConfig()) {
      special.readConfig(folder.tokenizer(), size);
    }
    JsonNode model = folder.modelConfig();
    for (String role : special.roles) {
      special.set(role, model.path(role + "_token_id"), size);
    }
    special.addEnds(folder, size);
    return special;
  }

  /**
   * Declares tokens that end an answer according to {@code generation_config.json}, unless
   * llama.cpp recognizes them by text or another key declares them: one as end of turn, one as end
   * of message.
   */
  private void addEnds(TokenizerFolder folder, int size) {
    Iterator<String> places =
        Stream.of("eot", "eom").filter(role -> !ids.containsKey(role)).toList().iterator();
    for (JsonNode end : folder.generationEnds()) {
      boolean named = ids.containsValue(end.intValue());
      if (end.isInt() && !named && places.hasNext()) {
        Optional<String> text = folder.token(end.intValue());
        if (text.isPresent() && !EndTokens.isKnown(text.get())) {
          set(places.next(), end, size);
        }
      }
    }
  }

  /** Returns a special token's text: the field itself or its content. */
  static Optional<String> content(JsonNode field) {
    JsonNode text = field.isObject() ? field.path("content") : field;
    return Optional.ofNullable(text.textValue());
  }

  private void set(String role, JsonNode id, int size) {
    if (id.isInt() && id.intValue() >= 0 && id.intValue() < size) {
      ids.putIfAbsent(role, id.intValue());
    }
  }

  private void readTokenizer(JsonNode root, boolean configured) {
    lowercase = lowercases(root.path("normalizer"));
    if (configured) {
      standsFor("bos", "cls");
      standsFor("eos", "sep");
    }
    JsonNode processor = root.path("post_processor");
    if (processor.has("processors")) {
      processor.path("processors").forEach(step -> readProcessor(step, configured));
    } else {
      readProcessor(processor, configured);
    }
  }

  private void standsFor(String role, String other) {
    if (content(config.path(role + "_token")).isEmpty()) {
      content(config.path(other + "_token")).ifPresent(text -> config.put(role + "_token", text));
    }
  }

  private void readProcessor(JsonNode step, boolean configured) {
    if (step.path("type").asText().equals("RobertaProcessing")) {
      added.put("bos", true);
      added.put("eos", true);
      added.put("sep", true);
    }
    if (!step.path("type").asText().equals("TemplateProcessing")) {
      return;
    }
    JsonNode single = step.path("single");
    String first = "";
    String last = "";
    if (single.size() > 1) {
      first = specialToken(single.path(0));
      last = specialToken(single.path(single.size() - 1));
      if (!first.isEmpty()) {
        takeFirst(first, configured);
        added.put("bos", !configured || is(first, "bos") || is(first, "cls"));
      }
      if (!last.isEmpty()) {
        replaceEnd(last, configured);
        added.put("eos", true);
      }
    }
    readPair(step.path("pair"), first, last);
  }

  /** Declares the leading token as BOS if the configuration names none. */
  private void takeFirst(String first, boolean configured) {
    if (configured && content(config.path("bos_token")).isEmpty() && !is(first, "cls")) {
      config.put("bos_token", first);
      if (content(config.path("cls_token")).isEmpty()) {
        config.put("cls_token", first);
      }
    }
  }

  /** Declares a trailing token other than EOS as EOS; the original one then ends a turn. */
  private void replaceEnd(String last, boolean configured) {
    if (!configured || is(last, "eos")) {
      return;
    }
    String role = roles.contains("eot") ? "eom" : "eot";
    content(config.path("eos_token"))
        .ifPresent(
            end -> {
              roles.add(role);
              config.put(role + "_token", end);
            });
    config.put("eos_token", last);
  }

  private void readPair(JsonNode pair, String first, String last) {
    if (pair.isEmpty()) {
      return;
    }
    int from = !first.isEmpty() && specialToken(pair.path(0)).equals(first) ? 1 : 0;
    boolean ends = !last.isEmpty() && specialToken(pair.path(pair.size() - 1)).equals(last);
    int to = ends ? pair.size() - 1 : pair.size();
    boolean inOrder =
        to - from > 2
            && pair.path(from).path("Sequence").path("id").asText().equals("A")
            && pair.path(to - 1).path("Sequence").path("id").asText().equals("B");
    if (inOrder) {
      String between = specialToken(pair.path(from + 1));
      boolean separates = (is(between, "sep") || is(between, "eos")) && last.isEmpty();
      if (to - from == 4) {
        String second = specialToken(pair.path(from + 2));
        separates |= is(second, "sep") || is(second, "eos");
      }
      added.put("sep", separates);
      if (separates && content(config.path("sep_token")).isEmpty()) {
        content(config.path("eos_token")).ifPresent(text -> config.put("sep_token", text));
      }
    }
  }

  private boolean is(String token, String role) {
    return !token.isEmpty()
        && content(config.path(role + "_token")).filter(token::equals).isPresent();
  }

  private static String specialToken(JsonNode entry) {
    return entry.path("SpecialToken").path("id").asText("");
  }

  static boolean lowercases(JsonNode normalizer) {
    return switch (normalizer.path("type").asText()) {
      case "Lowercase" -> true;
      case "BertNormalizer" -> normalizer.path("lowercase").asBoolean(true);
      case "Sequence" -> {
        boolean any = false;
        for (JsonNode inner : normalizer.path("normalizers")) {
          any |= lowercases(inner);
        }
        yield any;
      }
      default -> false;
    };
  }

  private void readConfig(Optional<JsonNode> tokenizer, int size) {
    for (String role : roles) {
      JsonNode adds = config.path("add_" + role + "_token");
      if (adds.isBoolean()) {
        added.put(role, adds.booleanValue());
      }
      Optional<String> text = content(config.path(role + "_token"));
      if (text.isPresent() && tokenizer.isPresent()) {
        for (JsonNode token : tokenizer.get().path("added_tokens")) {
          if (token.path("content").asText().equals(text.get())) {
            set(role, token.path("id"), size);
            break;
          }
        }
      }
    }
  }

  /** Sets the unknown token, unless the files do. */
  void unknown(int id) {
    ids.putIfAbsent("unk", id);
  }

  /** Assigns undeclared roles by the usual token texts. */
  void fill(Map<String, String> texts, TokenizerFolder folder) {
    texts.forEach(
        (role, text) -> {
          if (!ids.containsKey(role)) {
            folder.id(text).ifPresent(id -> ids.put(role, id));
          }
        });
  }

  void write(GgufMetadata.Builder target) {
    ids.forEach((role, id) -> target.uint32("tokenizer.ggml." + KEYS.get(role), id));
    added.forEach((role, adds) -> target.bool("tokenizer.ggml.add_" + role + "_token", adds));
  }

  void writeNormalizer(GgufMetadata.Builder target) {
    if (lowercase) {
      target.bool("tokenizer.ggml.normalizer.lowercase", true);
    }
  }
}
