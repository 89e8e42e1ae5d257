package io.adapt4j.core.internal.sequence;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.generate.SequenceOptions;
import io.adapt4j.core.generate.SequenceOptions.EarlyStopping;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.GenerationDefaults;
import io.adapt4j.core.internal.config.ModelConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/** Generation settings of an encoder-decoder. Lengths count the start token. */
public record SequenceSettings(
    int start,
    int padding,
    Set<Integer> eos,
    int beams,
    int maxLength,
    int minLength,
    double lengthPenalty,
    EarlyStopping earlyStopping,
    int ngram,
    Set<Integer> banned,
    OptionalInt forcedBos,
    OptionalInt forcedEos) {

  /** Reads the settings from a model's files. */
  public static SequenceSettings read(Path folder, ModelConfig config, int start, int padding) {
    Path file = folder.resolve(GenerationDefaults.FILE);
    ConfigReader fields = Files.exists(file) ? ConfigReader.read(file) : config.fields();
    GenerationDefaults defaults = GenerationDefaults.read(folder, config);
    List<Integer> eos =
        defaults.eosTokenIds().isEmpty() ? config.eosTokenIds() : defaults.eosTokenIds();
    return new SequenceSettings(
        fields.optionalInt("decoder_start_token_id").orElse(start),
        defaults.padTokenId().orElse(padding),
        Set.copyOf(eos),
        fields.positiveInt("num_beams", 1),
        fields.positiveInt("max_length", SequenceOptions.DEFAULT_MAX_NEW_TOKENS + 1),
        fields.optionalInt("min_length").orElse(0),
        fields.optionalNumber("length_penalty").orElse(1),
        stopping(fields),
        fields.optionalInt("no_repeat_ngram_size").orElse(0),
        banned(fields),
        fields.optionalInt("forced_bos_token_id"),
        fields.optionalInt("forced_eos_token_id"));
  }

  private static EarlyStopping stopping(ConfigReader fields) {
    JsonNode stated = fields.json().path("early_stopping");
    if (stated.isTextual()) {
      if (!stated.asText().equals("never")) {
        throw fields.invalid("early_stopping", "true, false or \"never\"", "Correct it.");
      }
      return EarlyStopping.NEVER;
    }
    return stated.asBoolean(false) ? EarlyStopping.WHEN_COMPLETE : EarlyStopping.WHEN_UNLIKELY;
  }

  /**
   * Reads the banned tokens. Only single tokens are supported; published translation models have no
   * others.
   */
  private static Set<Integer> banned(ConfigReader fields) {
    Set<Integer> banned = new LinkedHashSet<>();
    for (JsonNode words : fields.json().path("bad_words_ids")) {
      if (words.size() == 1) {
        banned.add(words.get(0).asInt());
      } else {
        throw fields.invalid(
            "bad_words_ids",
            "lists of one token each",
            "Words of several tokens are not kept out; remove them from the file.");
      }
    }
    return Set.copyOf(banned);
  }

  /** Overrides the model's settings with the given options. */
  public SequenceSettings with(SequenceOptions options, int limit) {
    int wanted =
        options.maxNewTokens().isPresent() ? options.maxNewTokens().getAsInt() + 1 : maxLength;
    int least =
        options.minNewTokens().isPresent() ? options.minNewTokens().getAsInt() + 1 : minLength;
    Set<Integer> ends =
        options.eosTokenId().isPresent() ? Set.of(options.eosTokenId().getAsInt()) : eos;
    return new SequenceSettings(
        start,
        padding,
        options.ignoreEos() ? Set.of() : ends,
        options.numBeams().orElse(beams),
        limit == Integer.MAX_VALUE ? wanted : Math.min(wanted, limit + 1),
        least,
        options.lengthPenalty().orElse(lengthPenalty),
        options.earlyStopping().orElse(earlyStopping),
        options.noRepeatNgramSize().orElse(ngram),
        banned,
        options.forcedBosTokenId().isPresent() ? options.forcedBosTokenId() : forcedBos,
        options.forcedEosTokenId().isPresent() ? options.forcedEosTokenId() : forcedEos);
  }
}
