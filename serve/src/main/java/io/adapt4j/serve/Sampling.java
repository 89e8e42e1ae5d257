package io.adapt4j.serve;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.generate.GenerationOptions;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.ThreadLocalRandom;

/**
 * How a request wants its answers chosen.
 *
 * @param options those of the first choice
 * @param choices how many answers there are to a prompt
 * @param streams whether text is sent as it comes
 * @param sendsUsage whether a stream ends with the numbers of tokens
 */
record Sampling(GenerationOptions options, int choices, boolean streams, boolean sendsUsage) {

  private static final int MOST_STOPS = 16;

  /** Between the seeds of two choices; odd, so that no two are the same. */
  private static final long SEED_STEP = 0x9E3779B97F4A7C15L;

  /**
   * Reads the parameters that conversations and completions have in common.
   *
   * @param tokens how many the answer may have
   */
  static Sampling read(Parameters parameters, int tokens, ServerLimits limits) {
    GenerationOptions.Builder options = GenerationOptions.builder().maxNewTokens(tokens);
    options.temperature(parameters.number("temperature", 0, 2).orElse(1));
    options.topP(parameters.number("top_p", 0, 1).orElse(1));
    options.topK(Math.max(0, parameters.integer("top_k", -1, Integer.MAX_VALUE).orElse(0)));
    options.minP(parameters.number("min_p", 0, 1).orElse(0));
    options.repetitionPenalty(parameters.number("repetition_penalty", 0.01, 100).orElse(1));
    options.seed(parameters.whole("seed").orElseGet(() -> ThreadLocalRandom.current().nextLong()));
    options.stopStrings(stops(parameters));
    int choices = parameters.integer("n", 1, limits.answers()).orElse(1);
    refuse(parameters, choices);
    boolean streams = parameters.flag("stream");
    return new Sampling(options.build(), choices, streams, sendsUsage(parameters, streams));
  }

  private static List<String> stops(Parameters parameters) {
    List<String> stops = parameters.strings("stop");
    if (stops.size() > MOST_STOPS || stops.contains("")) {
      throw Fault.parameter("stop", "expected at most " + MOST_STOPS + " strings, none empty");
    }
    return stops;
  }

  private static boolean sendsUsage(Parameters parameters, boolean streams) {
    if (parameters.value("stream_options").isEmpty()) {
      return false;
    }
    if (!streams) {
      throw Fault.parameter("stream_options", "expected only with \"stream\": true");
    }
    JsonNode json = parameters.required("stream_options");
    if (!json.isObject()) {
      throw Fault.parameter("stream_options", "expected an object");
    }
    Parameters options = new Parameters(json);
    options.ignore("include_obfuscation");
    boolean sendsUsage = options.flag("include_usage");
    options.requireNoOthers();
    return sendsUsage;
  }

  private static void refuse(Parameters parameters, int choices) {
    parameters.refuse("presence_penalty", Sampling::isZero);
    parameters.refuse("frequency_penalty", Sampling::isZero);
    parameters.refuse("logit_bias", JsonNode::isEmpty);
    parameters.refuse("best_of", best -> best.isInt() && best.intValue() == choices);
    parameters.ignore("user", "metadata", "safety_identifier", "prompt_cache_key", "service_tier");
  }

  static boolean isZero(JsonNode value) {
    return value.isNumber() && value.doubleValue() == 0;
  }

  static boolean isFalse(JsonNode value) {
    return value.isBoolean() && !value.booleanValue();
  }

  /** How many tokens a request wants, under the first of several names that is there. */
  static int tokens(Parameters parameters, int otherwise, ServerLimits limits, String... names) {
    int tokens = Math.min(otherwise, limits.newTokens());
    boolean found = false;
    for (String name : names) {
      OptionalInt wanted = parameters.integer(name, 1, limits.newTokens());
      if (wanted.isPresent() && !found) {
        tokens = wanted.getAsInt();
        found = true;
      }
    }
    return tokens;
  }

  /** The options of a choice: its random numbers are its own. */
  GenerationOptions options(int choice) {
    return choice == 0
        ? options
        : options.toBuilder().seed(options.seed() + choice * SEED_STEP).build();
  }
}
