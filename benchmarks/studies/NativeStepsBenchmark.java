import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.adapt4j.benchmarks.harness.Arguments;
import io.adapt4j.benchmarks.harness.Machine;
import io.adapt4j.benchmarks.harness.Report;
import io.adapt4j.benchmarks.harness.Turns;
import io.adapt4j.benchmarks.models.Decoding;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.DecoderSteps;
import io.adapt4j.core.internal.nn.StepKernels;
import io.adapt4j.core.internal.nn.cache.KvCache;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/**
 * Compares decoding steps in one native call with the same steps operator by operator, alternating,
 * for a mixture of experts, for layers with a state, and for those of Gemma 3n and 4; also the
 * memory that a step of the mixture reads.
 */
public final class NativeStepsBenchmark {

  private static final String OPTIONS =
      "--shape experts --precision bf16 --batch 8 --prompt 64 --tokens 16 --rounds 7"
          + " --profile no --clock wall --threads 0";

  private static final int VOCABULARY = 4096;
  private static final String NATIVE = "native";
  private static final String OPERATORS = "operators";

  private final Arguments arguments;
  private final int prompt;
  private final int tokens;
  private final int rounds;

  private NativeStepsBenchmark(Arguments arguments) {
    this.arguments = arguments;
    prompt = arguments.number("--prompt", 1);
    tokens = arguments.number("--tokens", 1);
    rounds = arguments.number("--rounds", 1);
  }

  /**
   * Options: {@code --shape} (a name in {@code native-steps.json}), {@code --precision bf16|fp32},
   * {@code --batch} rows to measure besides one, {@code --prompt} tokens before, {@code --tokens}
   * steps per round, {@code --rounds}, {@code --clock cpu} for CPU time, which other processes
   * hardly disturb if {@code --threads} is 1, {@code --profile yes} for the time of each kind of
   * operator.
   */
  public static void main(String[] line) {
    new NativeStepsBenchmark(Arguments.parse(line, OPTIONS).useThreads()).run();
  }

  /**
   * Dimensions of each shape: those of the published small models, of Gemma 3n E2B, Gemma 4 E2B and
   * Gemma 4 26B-A4B with a quarter of its experts, and of SmolLM2-135M, except the vocabularies.
   */
  private static final JsonNode SHAPES = read("benchmarks/studies/native-steps.json");

  private static JsonNode read(String file) {
    try {
      return new ObjectMapper().readTree(Path.of(file).toFile());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void run() {
    Set<String> names = new TreeSet<>();
    SHAPES.fieldNames().forEachRemaining(names::add);
    String shape = arguments.oneOf("--shape", names);
    Report report = new Report("Native steps beside operators, " + shape);
    String json = SHAPES.get(shape).toString();
    ModelConfig config = ModelConfig.parse(Path.of("random", "config.json"), json);
    try (Decoder decoder = Architectures.declareDecoder(config)) {
      decoder.allocate(arguments.isBf16() ? DType.BF16 : DType.F32);
      Weights.randomize(decoder, 1);
      report.line("weights of the layers", "%.1f MB", Decoding.layerBytes(decoder) / 1e6);
      compare(decoder, 1, report);
      compare(decoder, arguments.number("--batch", 1), report);
      prompts(decoder, report);
    }
    report.print();
  }

  private void compare(Decoder decoder, int rows, Report report) {
    int capacity = prompt + (rounds + 2) * tokens + 2;
    try (KvCache ofSteps = decoder.newCache(rows, capacity);
        KvCache ofOperators = decoder.newCache(rows, capacity);
        DecoderSteps steps = StepKernels.prepared(decoder, ofSteps, rows).orElseThrow()) {
      long[] ids = Decoding.ids(rows * prompt, VOCABULARY);
      Decoding.forward(decoder, ofSteps, ids, prompt);
      Decoding.forward(decoder, ofOperators, ids, prompt);
      Turns turns =
          new Turns(1, rounds)
              .add(NATIVE, round -> seconds(round, i -> step(steps, ofSteps, rows, i)))
              .add(OPERATORS, round -> seconds(round, i -> step(decoder, ofOperators, rows, i)))
              .run();
      String batch = ", batch " + rows;
      report(report, turns, "a native step" + batch, "a step by operators" + batch);
      report.figure(turns.ratio(OPERATORS, NATIVE).largerRatio("native over operators" + batch));
      reads(steps, ofSteps, rows, report);
      if (arguments.oneOf("--profile", Set.of("yes", "no")).equals("yes")) {
        profile(steps, ofSteps, rows);
      }
    }
  }

  /** Compares a prompt read in one step, as for short ones, with one pass of the operators. */
  private void prompts(Decoder decoder, Report report) {
    long[] ids = Decoding.ids(prompt, VOCABULARY);
    try (KvCache cache = decoder.newCache(1, prompt);
        DecoderSteps steps = StepKernels.prepared(decoder, 1, prompt, List.of()).orElseThrow()) {
      steps.place(0, cache, 0);
      List<DecoderSteps.Token> all =
          IntStream.range(0, prompt)
              .mapToObj(i -> new DecoderSteps.Token((int) ids[i], 0, i, 0, i == prompt - 1))
              .toList();
      Turns turns =
          new Turns(1, rounds)
              .add(
                  NATIVE,
                  round -> {
                    cache.clear();
                    return seconds(() -> steps.run(all));
                  })
              .add(OPERATORS, round -> seconds(() -> Decoding.forward(decoder, cache, ids, prompt)))
              .run();
      String words = ", a prompt of " + prompt;
      report(report, turns, "in a native step" + words, "by operators" + words);
    }
  }

  private static void report(Report report, Turns turns, String ours, String theirs) {
    report.figure(turns.of(NATIVE).map(seconds -> seconds * 1e3).smaller(ours, "ms"));
    report.figure(turns.of(OPERATORS).map(seconds -> seconds * 1e3).smaller(theirs, "ms"));
  }

  /** Returns the seconds of each step of a round. */
  private double seconds(int round, IntConsumer step) {
    return seconds(
            () -> {
              for (int i = 0; i < tokens; i++) {
                step.accept((round + 1) * tokens + i);
              }
            })
        / tokens;
  }

  private double seconds(Runnable action) {
    long begun = now();
    action.run();
    return (now() - begun) / 1e9;
  }

  private long now() {
    return arguments.oneOf("--clock", Set.of("wall", "cpu")).equals("wall")
        ? System.nanoTime()
        : ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
  }

  private static int id(int row, int number) {
    return 1 + (row * 977 + number * 31) % (VOCABULARY - 1);
  }

  private static void step(DecoderSteps steps, KvCache cache, int rows, int number) {
    steps.run(tokens(cache, rows, number));
    cache.advance(1);
  }

  private static List<DecoderSteps.Token> tokens(KvCache cache, int rows, int number) {
    int place = Math.toIntExact(cache.length());
    return IntStream.range(0, rows)
        .mapToObj(row -> new DecoderSteps.Token(id(row, number), row, place, 0, true))
        .toList();
  }

  private static void step(Decoder decoder, KvCache cache, int rows, int number) {
    long[] ids = IntStream.range(0, rows).mapToLong(row -> id(row, number)).toArray();
    Decoding.forward(decoder, cache, ids, 1);
  }

  /** Reports the memory read in a step, in whole pages, which may be of 2 MiB. */
  private static void reads(DecoderSteps steps, KvCache cache, int rows, Report report) {
    try {
      long least = Long.MAX_VALUE;
      for (int i = 0; i < 3; i++) {
        List<DecoderSteps.Token> tokens = tokens(cache, rows, 50);
        Files.writeString(Path.of("/proc/self/clear_refs"), "1");
        steps.run(tokens);
        least = Math.min(least, Machine.number(Path.of("/proc/self/smaps_rollup"), "Referenced"));
      }
      cache.advance(1);
      report.line("pages read in a step, batch " + rows, "%.1f MB of the process", least / 1e6);
    } catch (IOException | IllegalStateException e) {
      report.line("pages read in a step", "not known here: %s", e.getMessage());
    }
  }

  private void profile(DecoderSteps steps, KvCache cache, int rows) {
    Map<String, Long> times = new LinkedHashMap<>();
    for (int i = 0; i < tokens; i++) {
      steps
          .profile(tokens(cache, rows, i))
          .forEach((name, nanos) -> times.merge(name, nanos, Long::sum));
    }
    times.forEach(
        (name, nanos) -> System.out.printf("  %-20s %8.3f ms%n", name, nanos / 1e6 / tokens));
  }
}
