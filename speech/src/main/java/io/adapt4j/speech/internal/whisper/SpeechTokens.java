package io.adapt4j.speech.internal.whisper;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.GenerationDefaults;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.tokenize.Tokenizer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Special tokens of a model and what it must not write, from its {@code generation_config.json},
 * and from its tokenizer where that file does not say.
 *
 * @param languages ids by code; empty for a model of one language
 */
public record SpeechTokens(
    int start,
    int end,
    int noTimestamps,
    OptionalInt previous,
    Map<String, Integer> languages,
    Map<String, Integer> tasks,
    Set<Integer> suppressed,
    Set<Integer> suppressedFirst,
    OptionalInt lastInitialTimestamp,
    int maxLength) {

  private static final Pattern LANGUAGE = Pattern.compile("<\\|([a-z]{2,3})\\|>");

  /** Size of the vocabularies from which on OpenAI's models know several languages. */
  private static final int MULTILINGUAL = 51_865;

  private static final String WITHOUT =
      "This build does not generate with it; set it to that, or remove the field.";

  /** Reads the tokens of a model. */
  public static SpeechTokens read(Path folder, ModelConfig config, Tokenizer tokenizer, int start) {
    Path file = folder.resolve(GenerationDefaults.FILE);
    ConfigReader fields = Files.exists(file) ? ConfigReader.read(file) : config.fields();
    refuse(fields);
    List<Integer> ends = GenerationDefaults.read(folder, config).eosTokenIds();
    ends = ends.isEmpty() ? config.eosTokenIds() : ends;
    int vocabulary = config.fields().positiveInt("vocab_size", MULTILINGUAL);
    return new SpeechTokens(
        fields.optionalInt("decoder_start_token_id").orElse(start),
        ends.isEmpty() ? id(fields, tokenizer, "eos_token_id", "<|endoftext|>") : ends.get(0),
        id(fields, tokenizer, "no_timestamps_token_id", "<|notimestamps|>"),
        optional(fields, tokenizer, "prev_sot_token_id", "<|startofprev|>"),
        languages(fields, tokenizer, vocabulary),
        tasks(fields, tokenizer),
        known(fields, "suppress_tokens", vocabulary),
        known(fields, "begin_suppress_tokens", vocabulary),
        fields.optionalInt("max_initial_timestamp_index"),
        fields.positiveInt("max_length", config.fields().positiveInt("max_target_positions", 448)));
  }

  private static void refuse(ConfigReader fields) {
    refuse(fields, "num_beams", 1);
    refuse(fields, "repetition_penalty", 1);
    refuse(fields, "no_repeat_ngram_size", 0);
    if (fields.bool("do_sample", false)) {
      throw fields.invalid("do_sample", "false", WITHOUT);
    }
  }

  private static void refuse(ConfigReader fields, String field, double neutral) {
    if (fields.optionalNumber(field).orElse(neutral) != neutral) {
      throw fields.invalid(field, String.valueOf(neutral), WITHOUT);
    }
  }

  private static OptionalInt optional(
      ConfigReader fields, Tokenizer tokenizer, String field, String token) {
    OptionalInt stated = fields.optionalInt(field);
    return stated.isPresent() ? stated : tokenizer.id(token);
  }

  private static int id(ConfigReader fields, Tokenizer tokenizer, String field, String token) {
    return optional(fields, tokenizer, field, token)
        .orElseThrow(
            () ->
                fields.invalid(
                    field,
                    "the id of " + token,
                    "Add the field; neither this file nor tokenizer.json has the token."));
  }

  private static Map<String, Integer> languages(
      ConfigReader fields, Tokenizer tokenizer, int vocabulary) {
    JsonNode stated = fields.json().path("lang_to_id");
    if (!fields.bool("is_multilingual", stated.isObject() || vocabulary >= MULTILINGUAL)) {
      return Map.of();
    }
    Map<String, Integer> found = new TreeMap<>();
    if (stated.isObject()) {
      stated
          .properties()
          .forEach(
              entry -> code(entry.getKey()).ifKnown(c -> found.put(c, entry.getValue().asInt())));
    } else {
      int size = tokenizer.vocabularySize();
      for (int id = tokenizer.id("<|startoftranscript|>").orElse(size) + 1; id < size; id++) {
        Matcher language = LANGUAGE.matcher(tokenizer.token(id));
        if (!language.matches()) {
          break;
        }
        found.put(language.group(1), id);
      }
    }
    if (found.isEmpty()) {
      throw fields.invalid(
          "lang_to_id",
          "an object with the id of each language",
          "Add it, or set is_multilingual to false if the model knows one language only.");
    }
    return Collections.unmodifiableMap(found);
  }

  /** A code, or none. */
  private record Code(Matcher text) {
    void ifKnown(Consumer<String> action) {
      if (text.matches()) {
        action.accept(text.group(1));
      }
    }
  }

  private static Code code(String token) {
    return new Code(LANGUAGE.matcher(token));
  }

  private static Map<String, Integer> tasks(ConfigReader fields, Tokenizer tokenizer) {
    Map<String, Integer> found = new LinkedHashMap<>();
    for (String task : List.of("transcribe", "translate")) {
      JsonNode stated = fields.json().path("task_to_id").path(task);
      OptionalInt id =
          stated.isInt() ? OptionalInt.of(stated.asInt()) : tokenizer.id("<|" + task + "|>");
      id.ifPresent(value -> found.put(task, value));
    }
    return Map.copyOf(found);
  }

  private static Set<Integer> known(ConfigReader fields, String field, int vocabulary) {
    List<Integer> ids = fields.isNull(field) ? List.of() : fields.integers(field);
    for (int id : ids) {
      if (id < 0 || id >= vocabulary) {
        throw fields.invalid(field, "ids from 0 to " + (vocabulary - 1), "Correct them.");
      }
    }
    return Set.copyOf(ids);
  }

  /** Checks that the model knows a language and a task. */
  public void require(Optional<String> language, String task) {
    if (languages.isEmpty()) {
      if (language.filter(code -> !code.equals("en")).isPresent() || !task.equals("transcribe")) {
        throw new IllegalArgumentException(
            "This model transcribes one language only: leave language and task out, found "
                + language.map(code -> code + ", ").orElse("")
                + task);
      }
      return;
    }
    language
        .filter(code -> !languages.containsKey(code))
        .ifPresent(
            code -> {
              throw new IllegalArgumentException(
                  "language: expected one of " + languages.keySet() + ", found " + code);
            });
    if (!tasks.containsKey(task)) {
      throw new IllegalArgumentException(
          "task: expected one of " + tasks.keySet() + ", found " + task);
    }
  }

  /** Returns the id of a known language. */
  public OptionalInt language(String code) {
    return OptionalInt.of(Objects.requireNonNull(languages.get(code), code));
  }

  /** Returns the id of the first timestamp, 0 seconds. */
  public int firstTimestamp() {
    return noTimestamps + 1;
  }

  /** Returns the tokens before a window's text. */
  public int[] prompt(OptionalInt language, String task, boolean timestamps) {
    int[] ids = new int[4];
    int count = 0;
    ids[count++] = start;
    if (language.isPresent()) {
      ids[count++] = language.getAsInt();
      ids[count++] = Objects.requireNonNull(tasks.get(task), task);
    }
    if (!timestamps) {
      ids[count++] = noTimestamps;
    }
    return Arrays.copyOf(ids, count);
  }
}
