import io.adapt4j.benchmarks.harness.Arguments;
import io.adapt4j.benchmarks.harness.ExampleFiles;
import io.adapt4j.benchmarks.harness.JavaCommand;
import io.adapt4j.benchmarks.harness.Measurement;
import io.adapt4j.benchmarks.harness.OwnProcess;
import io.adapt4j.benchmarks.harness.Report;
import io.adapt4j.benchmarks.harness.Timing;
import io.adapt4j.benchmarks.models.SmolLm;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.EngineInfo;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.internal.train.TrainingStep;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.lora.Lora;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Cost of the wait policy of libtorch's threads, on an idle machine and while other processes keep
 * every processor busy. Each setting runs in its own process.
 */
public final class WaitPolicyBenchmark {

  private static final String LIBRARY = "the library's own";

  /** A user's setting: flags of the JVM, and environment variables. */
  private record Setting(List<String> flags, Map<String, String> environment) {}

  private final int repetitions;
  private final int busy;

  private WaitPolicyBenchmark(Arguments arguments) {
    repetitions = arguments.number("--repetitions", 1);
    int asked = arguments.number("--busy", 0);
    busy = asked > 0 ? asked : Runtime.getRuntime().availableProcessors();
  }

  /**
   * Options: {@code --repetitions}, {@code --busy} (number of busy processes; 0: one per
   * processor).
   */
  public static void main(String[] line) {
    new WaitPolicyBenchmark(Arguments.parse(line, "--repetitions 5 --busy 0")).run();
  }

  private static Map<String, Setting> settings() {
    Map<String, Setting> settings = new LinkedHashMap<>();
    settings.put(LIBRARY, new Setting(List.of(), Map.of()));
    settings.put(
        "the runtime's default", new Setting(List.of("-Dadapt4j.waitPolicy=user"), Map.of()));
    settings.put("PASSIVE", new Setting(List.of(), Map.of("OMP_WAIT_POLICY", "PASSIVE")));
    settings.put("1,000 spins", new Setting(List.of(), Map.of("GOMP_SPINCOUNT", "1000")));
    settings.put("10,000 spins", new Setting(List.of(), Map.of("GOMP_SPINCOUNT", "10000")));
    return settings;
  }

  private void run() {
    Report report = new Report("How threads wait for each other");
    report.line(
        "work",
        "100 tokens of stories260K, and a LoRA step of 2 x 64 tokens of a 135M model, fp32");
    measure(report, "quiet");
    List<Process> others = new ArrayList<>();
    try {
      for (int i = 0; i < busy; i++) {
        others.add(startBusy());
      }
      measure(report, "beside " + busy + " busy processes");
    } finally {
      others.forEach(Process::destroyForcibly);
    }
    report.print();
  }

  private void measure(Report report, String machine) {
    settings()
        .forEach(
            (name, setting) -> {
              OwnProcess output = measure(setting);
              double decoding = output.number(WaitPolicyCase.DECODING);
              double step = output.number(WaitPolicyCase.STEP);
              report.line(
                  machine,
                  "%s: decoding %.3f s, a step %.3f s (%s)",
                  name,
                  decoding,
                  step,
                  output.lines(Pattern.compile("(OMP|GOMP|as|threads).*")).findFirst().orElse(""));
              if (name.equals(LIBRARY)) {
                String label = String.format(Locale.ROOT, "%s, ", machine);
                report.keep(Measurement.smaller(label + "decoding", "s", decoding));
                report.keep(Measurement.smaller(label + "step", "s", step));
              }
            });
  }

  private OwnProcess measure(Setting setting) {
    List<String> arguments = List.of(String.valueOf(repetitions));
    ProcessBuilder command = JavaCommand.of(WaitPolicyCase.class, setting.flags(), arguments);
    command.environment().remove("OMP_WAIT_POLICY");
    command.environment().remove("GOMP_SPINCOUNT");
    command.environment().putAll(setting.environment());
    return OwnProcess.run("the case", command);
  }

  /** Starts a busy process, and waits until it is busy. */
  private static Process startBusy() {
    try {
      Process process =
          JavaCommand.of(WaitPolicyCase.class, List.of("-Xmx64m"), List.of(WaitPolicyCase.BUSY))
              .redirectErrorStream(true)
              .start();
      BufferedReader reader = process.inputReader();
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        if (line.equals(WaitPolicyCase.BUSY)) {
          return process;
        }
      }
      throw new IllegalStateException("A busy process did not start");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** One process of {@link WaitPolicyBenchmark}: it measures, or only keeps a processor busy. */
  static final class WaitPolicyCase {

    static final String BUSY = "busy";
    static final String DECODING = "seconds of decoding: ";
    static final String STEP = "seconds of a step: ";

    private static final int TOKENS = 100;
    private static final int ROWS = 2;
    private static final int LENGTH = 64;
    private static final double RATE = 1e-4;

    private WaitPolicyCase() {}

    /** Runs the case. */
    public static void main(String[] line) {
      if (line[0].equals(BUSY)) {
        System.out.println(BUSY);
        for (double value = 1; value > 0; ) {
          value = Math.sin(value) + 2;
        }
        return;
      }
      int repetitions = Integer.parseInt(line[0]);
      System.out.println(EngineInfo.threadWaiting());
      System.out.println(DECODING + decoding(repetitions));
      System.out.println(STEP + step(repetitions));
    }

    private static double decoding(int repetitions) {
      GenerationOptions options =
          GenerationOptions.greedy().toBuilder().maxNewTokens(TOKENS).ignoreEos(true).build();
      try (LanguageModel model = LanguageModel.load(ModelSource.path(ExampleFiles.model()))) {
        model.generate("Once upon a time", options);
        return Timing.seconds(0, repetitions, i -> model.generate("Once upon a time", options))
            .median();
      }
    }

    private static double step(int repetitions) {
      List<Batch> batch = List.of(SmolLm.batch(ROWS, LENGTH));
      try (Decoder decoder = SmolLm.random(DType.F32);
          Adaptation adaptation = Methods.of(Lora.rank(8)).attach(decoder, Path.of("random"), 1);
          TrainingStep<Batch> step =
              TrainingStep.ofLanguageModel(decoder, adaptation, SmolLm.settings(false))) {
        double targets = (double) ROWS * (LENGTH - 1);
        step.run(batch, targets, RATE, 0);
        return Timing.seconds(0, repetitions, i -> step.run(batch, targets, RATE, i + 1)).median();
      }
    }
  }
}
