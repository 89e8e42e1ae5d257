import io.adapt4j.benchmarks.harness.Arguments;
import io.adapt4j.benchmarks.harness.Report;
import io.adapt4j.benchmarks.harness.Timing;
import io.adapt4j.benchmarks.models.Decoding;
import io.adapt4j.benchmarks.models.SmolLm;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.DecoderSteps;
import io.adapt4j.core.internal.nn.StepKernels;
import io.adapt4j.core.internal.nn.cache.KvCache;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.internal.train.TrainingStep;
import io.adapt4j.lora.Lora;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Profile of a 135M-parameter model by operator: of one decoded token, of the prompt before it, and
 * of one training step. The place to start before optimizing.
 */
public final class OperatorProfile {

  private static final String OPTIONS =
      "--precision bf16 --prompt 512 --batch 1 --chunk 128 --rows 4 --length 512 "
          + "--repetitions 20";

  private final DType type;
  private final int prompt;
  private final int batch;
  private final int chunk;
  private final int rows;
  private final int length;
  private final int repetitions;

  private OperatorProfile(Arguments arguments) {
    type = arguments.isBf16() ? DType.BF16 : DType.F32;
    prompt = arguments.number("--prompt", 1);
    batch = arguments.number("--batch", 1);
    chunk = arguments.number("--chunk", 1);
    rows = arguments.number("--rows", 1);
    length = arguments.number("--length", 2);
    repetitions = arguments.number("--repetitions", 1);
  }

  /** Calls and nanoseconds of an operator. */
  private record Time(long calls, long nanos) {

    Time plus(Time other) {
      return new Time(calls + other.calls, nanos + other.nanos);
    }
  }

  /**
   * Options: {@code --precision bf16|fp32}, {@code --prompt} tokens before the decoded one, {@code
   * --batch} rows to decode, {@code --chunk} prompt tokens per call, {@code --rows} and {@code
   * --length} of the training batch, {@code --repetitions} decoded tokens.
   */
  public static void main(String[] line) {
    new OperatorProfile(Arguments.parse(line, OPTIONS)).run();
  }

  private void run() {
    new Report("Operators of SmolLM2-135M's shape, random weights").print();
    try (Decoder decoder = SmolLm.random(type)) {
      decode(decoder);
      train(decoder);
    }
  }

  private void decode(Decoder decoder) {
    long[] ids = Decoding.ids(batch * prompt, SmolLm.VOCABULARY);
    try (KvCache cache = decoder.newCache(batch, prompt + 3 * repetitions + 2)) {
      profile(
          decoder,
          "prefill of " + batch + " x " + prompt,
          1,
          () -> Decoding.forward(decoder, cache, ids, prompt));
      cache.clear();
      profile(decoder, "the same again", 1, () -> Decoding.forward(decoder, cache, ids, prompt));
      long[] next = Arrays.copyOf(ids, batch);
      Decoding.forward(decoder, cache, next, 1);
      profile(
          decoder,
          "a step of " + batch + ", operator by operator",
          repetitions,
          () -> Decoding.forward(decoder, cache, next, 1));
      steps(decoder, cache);
    }
    try (KvCache cache = decoder.newCache(1, chunk)) {
      chunk(decoder, cache);
    }
  }

  /** Reads a part of a prompt in one call. */
  private void chunk(Decoder decoder, KvCache cache) {
    Optional<DecoderSteps> prepared = StepKernels.prepared(decoder, cache, chunk);
    if (prepared.isEmpty()) {
      return;
    }
    List<DecoderSteps.Token> tokens =
        IntStream.range(0, chunk)
            .mapToObj(i -> new DecoderSteps.Token(1 + i, 0, i, 0, i == chunk - 1))
            .toList();
    Map<String, Time> times = new HashMap<>();
    try (DecoderSteps steps = prepared.get()) {
      steps.profile(tokens);
      double seconds = 0;
      for (int i = 0; i < repetitions; i++) {
        seconds += profile(steps, tokens, times);
      }
      print("a prompt of " + chunk + ", in one call", repetitions, seconds, times);
    }
  }

  /** Runs a step, adds its operators' times, and returns its seconds. */
  private static double profile(
      DecoderSteps steps, List<DecoderSteps.Token> tokens, Map<String, Time> times) {
    long begun = System.nanoTime();
    Map<String, Long> found = steps.profile(tokens);
    double seconds = Timing.since(begun);
    found.forEach((name, nanos) -> times.merge(name, new Time(1, nanos), Time::plus));
    return seconds;
  }

  private void steps(Decoder decoder, KvCache cache) {
    Optional<DecoderSteps> prepared = StepKernels.prepared(decoder, cache, batch);
    if (prepared.isEmpty()) {
      System.out.println("No kernels that run whole steps are present");
      return;
    }
    Map<String, Time> times = new HashMap<>();
    double seconds = 0;
    try (DecoderSteps steps = prepared.get()) {
      for (int i = -1; i < repetitions; i++) {
        int place = Math.toIntExact(cache.length());
        List<DecoderSteps.Token> tokens =
            IntStream.range(0, batch)
                .mapToObj(row -> new DecoderSteps.Token(1 + row, row, place, 0, true))
                .toList();
        double taken = profile(steps, tokens, i < 0 ? new HashMap<>() : times);
        seconds += i < 0 ? 0 : taken;
        cache.advance(1);
      }
    }
    print("a step of " + batch + ", in one call", repetitions, seconds, times);
  }

  private void train(Decoder decoder) {
    try (Adaptation adaptation = Methods.of(Lora.rank(16)).attach(decoder, Path.of("random"), 1);
        TrainingStep<Batch> step =
            TrainingStep.ofLanguageModel(decoder, adaptation, SmolLm.settings(false))) {
      List<Batch> inputs = List.of(SmolLm.batch(rows, length));
      double targets = (double) rows * (length - 1);
      step.run(inputs, targets, 1e-4, 0);
      profile(
          decoder,
          "a LoRA step of " + rows + " x " + length,
          3,
          () -> step.run(inputs, targets, 1e-4, 1));
    }
  }

  private static void profile(Decoder decoder, String what, int times, Runnable work) {
    Map<String, Time> found = new HashMap<>();
    decoder
        .engine()
        .observe((operator, nanos) -> found.merge(operator.name(), new Time(1, nanos), Time::plus));
    long begun = System.nanoTime();
    for (int i = 0; i < times; i++) {
      work.run();
    }
    double seconds = Timing.since(begun);
    decoder.engine().observe(null);
    print(what, times, seconds, found);
  }

  /** Prints operators by time, and the time between them. */
  private static void print(String what, int times, double seconds, Map<String, Time> found) {
    double all = found.values().stream().mapToLong(Time::nanos).sum() / 1e9;
    System.out.printf("%n%s: %.3f ms each%n", what, seconds / times * 1e3);
    List<Map.Entry<String, Time>> sorted = new ArrayList<>(found.entrySet());
    sorted.sort((a, b) -> Long.compare(b.getValue().nanos(), a.getValue().nanos()));
    for (Map.Entry<String, Time> entry : sorted) {
      Time time = entry.getValue();
      System.out.printf(
          "  %-28s %8.1f calls %10.3f ms %5.1f %%%n",
          entry.getKey(),
          (double) time.calls() / times,
          time.nanos() / 1e6 / times,
          time.nanos() / 1e7 / seconds);
    }
    System.out.printf(
        "  %-28s %14s %10.3f ms %5.1f %%%n",
        "between operators", "", (seconds - all) * 1e3 / times, (seconds - all) / seconds * 100);
  }
}
