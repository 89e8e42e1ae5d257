package io.adapt4j.serve.internal.answer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.generate.Scheduling;
import io.adapt4j.serve.internal.http.Call;
import io.adapt4j.serve.internal.http.Fault;
import io.adapt4j.serve.internal.http.Limits;
import io.adapt4j.serve.internal.http.Parameters;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;
import java.util.regex.Pattern;

/** Sampling settings of a request. */
public record Sampling(
    GenerationOptions options, int choices, boolean streams, boolean sendsUsage) {

  private static final int MOST_STOPS = 16;
  private static final double MOST_BIAS = 100;
  private static final Pattern TOKEN = Pattern.compile("\\d{1,9}");
  private static final Pattern SECONDS = Pattern.compile("\\d{1,9}(\\.\\d{1,9})?");

  /** Difference between the seeds of two choices; odd, so that no two are equal. */
  private static final long SEED_STEP = 0x9E3779B97F4A7C15L;

  /** Reads the parameters common to conversations and completions. */
  public static Sampling read(
      Call call,
      Parameters parameters,
      int tokens,
      Limits limits,
      Function<Parameters, OptionalInt> logprobs) {
    GenerationOptions.Builder options = options(call, parameters, tokens, limits);
    logprobs.apply(parameters).ifPresent(options::logprobs);
    options.stopStrings(stops(parameters));
    int choices = parameters.integer("n", 1, limits.answers()).orElse(1);
    parameters.refuse("best_of", best -> best.isInt() && best.intValue() == choices);
    boolean streams = parameters.flag("stream");
    return new Sampling(options.build(), choices, streams, sendsUsage(parameters, streams));
  }

  public static GenerationOptions.Builder options(
      Call call, Parameters parameters, int tokens, Limits limits) {
    GenerationOptions.Builder options = GenerationOptions.builder().maxNewTokens(tokens);
    options.scheduling(scheduling(call, parameters, limits));
    options.temperature(parameters.number("temperature", 0, 2).orElse(1));
    options.topP(parameters.number("top_p", 0, 1).orElse(1));
    options.topK(Math.max(0, parameters.integer("top_k", -1, Integer.MAX_VALUE).orElse(0)));
    options.minP(parameters.number("min_p", 0, 1).orElse(0));
    options.repetitionPenalty(parameters.number("repetition_penalty", 0.01, 100).orElse(1));
    options.seed(parameters.whole("seed").orElseGet(() -> ThreadLocalRandom.current().nextLong()));
    options.frequencyPenalty(parameters.number("frequency_penalty", -2, 2).orElse(0));
    options.presencePenalty(parameters.number("presence_penalty", -2, 2).orElse(0));
    options.logitBias(biases(parameters));
    parameters.ignore("user", "metadata", "safety_identifier", "prompt_cache_key", "service_tier");
    return options;
  }

  /** Reads the priority as in vLLM, and the timeout that OpenAI's clients send. */
  private static Scheduling scheduling(Call call, Parameters parameters, Limits limits) {
    int priority = parameters.integer("priority", Integer.MIN_VALUE, Integer.MAX_VALUE).orElse(0);
    Duration most =
        call.header("x-stainless-timeout")
            .filter(text -> SECONDS.matcher(text).matches())
            .map(text -> Duration.ofMillis((long) (1_000 * Double.parseDouble(text))))
            .filter(time -> time.compareTo(limits.requestTime()) < 0)
            .orElse(limits.requestTime());
    Duration left = most.minus(call.age());
    return new Scheduling(
        priority, call.asker(), 1, Optional.of(left.isNegative() ? Duration.ZERO : left));
  }

  private static Map<Integer, Double> biases(Parameters parameters) {
    JsonNode json = parameters.value("logit_bias").orElse(JsonNodeFactory.instance.objectNode());
    Map<Integer, Double> biases = new TreeMap<>();
    for (Map.Entry<String, JsonNode> bias : json.properties()) {
      if (!TOKEN.matcher(bias.getKey()).matches()
          || !(Math.abs(bias.getValue().asDouble(MOST_BIAS + 1)) <= MOST_BIAS)) {
        throw noBiases();
      }
      biases.put(Integer.valueOf(bias.getKey()), bias.getValue().doubleValue());
    }
    if (!json.isObject()) {
      throw noBiases();
    }
    return biases;
  }

  private static Fault noBiases() {
    return Fault.parameter("logit_bias", "expected numbers from -100 to 100 by token ids");
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

  public static boolean isFalse(JsonNode value) {
    return value.isBoolean() && !value.booleanValue();
  }

  /** Reads the requested number of tokens from the first name that is present. */
  public static int tokens(Parameters parameters, int otherwise, Limits limits, String... names) {
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

  /** Returns the options of a choice, with its own seed. */
  public GenerationOptions options(int choice) {
    return choice == 0
        ? options
        : options.toBuilder().seed(options.seed() + choice * SEED_STEP).build();
  }
}
