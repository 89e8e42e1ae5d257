import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.adapt4j.benchmarks.harness.Arguments;
import io.adapt4j.benchmarks.harness.ExampleFiles;
import io.adapt4j.benchmarks.harness.Measurement;
import io.adapt4j.benchmarks.harness.OwnProcess;
import io.adapt4j.benchmarks.harness.Report;
import io.adapt4j.benchmarks.harness.TemporaryFolder;
import io.adapt4j.benchmarks.harness.Timing;
import io.adapt4j.benchmarks.models.RandomCheckpoint;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.finetune.FullFineTuning;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.memory.Planner;
import io.adapt4j.core.internal.memory.StepShape;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.plan.MemoryEstimate;
import io.adapt4j.core.internal.plan.MemoryItem;
import io.adapt4j.core.internal.plan.RunPlan;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.optim.Optimizer;
import io.adapt4j.core.preference.PreferenceLoss;
import io.adapt4j.core.preference.Reference;
import io.adapt4j.core.reinforce.Grpo;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.train.Interval;
import io.adapt4j.lora.Ia3;
import io.adapt4j.lora.Lora;
import io.adapt4j.qlora.QLora;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/** Compares predicted with measured peak memory of random configurations. */
public final class PlanDrawBenchmark {

  private static final double LOW = 0.97;
  private static final double HIGH = 1.12;
  private static final long MOST_BYTES = 2_800_000_000L;
  private static final long LEAST_WEIGHTS = 20_000_000;
  private static final long MOST_WEIGHTS = 350_000_000;
  private static final double MOST_PRODUCTS = 1.2e11;

  private PlanDrawBenchmark() {}

  /**
   * Options: {@code --seed} and {@code --count} say which configurations, {@code --from} the first
   * of them, {@code --task} leaves out others, {@code --part plan} leaves out the runs, {@code
   * --items} prints details.
   */
  public static void main(String[] line) {
    Arguments arguments =
        Arguments.parse(line, "--seed 1 --count 20 --from 0 --part run --task", "--items");
    Report report = new Report("Predicted and measured peak memory of configurations at random");
    int seed = arguments.number("--seed", 0);
    int from = arguments.number("--from", 0);
    int count = arguments.number("--count", 1);
    int inside = 0;
    double lowest = Double.POSITIVE_INFINITY;
    double highest = 0;
    int done = 0;
    for (int number = from; number < from + count; number++) {
      int attempt = 0;
      while (!isModest(PlanDraw.of(seed, number, attempt))) {
        attempt++;
      }
      PlanDraw draw = PlanDraw.of(seed, number, attempt);
      String task = arguments.text("--task");
      if (!task.isEmpty() && !task.equals(draw.task())) {
        continue;
      }
      double ratio = compare(List.of(seed, number, attempt), draw, arguments);
      done++;
      inside += ratio >= LOW && ratio <= HIGH ? 1 : 0;
      lowest = Math.min(lowest, ratio);
      highest = Math.max(highest, ratio);
    }
    System.out.printf(
        "inside [%.2f, %.2f]: %d of %d, lowest %.3f, highest %.3f%n",
        LOW, HIGH, inside, done, lowest, highest);
    report.figure(Measurement.larger("within the band", "", (double) inside / done).target(1));
    report.print();
  }

  private static boolean isModest(PlanDraw draw) {
    try (Network declared = Architectures.declare(draw.modelConfig())) {
      long weights = declared.parameterCount();
      MemoryEstimate rough =
          Planner.of(declared, draw.fineTuning())
              .estimate(
                  StepShape.of(
                          Math.max(1, (int) (draw.tokens() / draw.length() / draw.accumulation())),
                          draw.length(),
                          draw.bf16() ? DType.BF16 : DType.F32,
                          draw.steps())
                      .withRecompute(draw.checkpointing()));
      return weights >= LEAST_WEIGHTS
          && weights <= MOST_WEIGHTS
          && rough.peakBytes() < MOST_BYTES
          && (double) weights * draw.tokens() < MOST_PRODUCTS;
    }
  }

  private static double compare(List<Integer> which, PlanDraw draw, Arguments arguments) {
    try (TemporaryFolder folder = TemporaryFolder.create()) {
      RandomCheckpoint.write(draw.modelConfig(), folder.path().resolve("model"));
      PlanDrawCase.tokenizer(folder.path().resolve("model"));
      String name = which.get(0) + "/" + which.get(1) + "/" + which.get(2);
      List<String> given =
          Stream.concat(which.stream(), Stream.of(folder.path())).map(String::valueOf).toList();
      OwnProcess planned = run("plan", given);
      double predicted = planned.number(PlanDrawCase.PREDICTED);
      if (arguments.has("--items")) {
        planned.lines(PlanDrawCase.DETAIL).forEach(System.out::println);
      }
      if (arguments.text("--part").equals("plan")) {
        System.out.printf("%s %s: predicted %.0f MB%n", name, draw.text(), predicted / 1e6);
        return 1;
      }
      long begun = System.nanoTime();
      OwnProcess measured = run("run", given);
      double peak = measured.peak();
      if (arguments.has("--items")) {
        measured.lines(PlanDrawCase.DETAIL).forEach(System.out::println);
      }
      double ratio = predicted / peak;
      System.out.printf(
          "%s %s: predicted %.0f, measured %.0f MB, ratio %.3f%s (%.0f s)%n",
          name,
          draw.text(),
          predicted / 1e6,
          peak / 1e6,
          ratio,
          ratio < LOW ? " LOW" : ratio > HIGH ? " HIGH" : "",
          Timing.since(begun));
      return ratio;
    }
  }

  private static OwnProcess run(String what, List<String> which) {
    return OwnProcess.run(
        PlanDrawCase.class, Stream.concat(Stream.of(what), which.stream()).toArray());
  }

  /**
   * Plans or runs a configuration of {@link PlanDrawBenchmark} in its own process, as a user's
   * program does.
   */
  static final class PlanDrawCase {

    static final String PREDICTED = "predicted bytes ";
    static final String DETAIL = "| ";

    private static final int STEPS = 2;

    private final PlanDraw draw;
    private final Path folder;
    private final SplittableRandom random = new SplittableRandom(3);

    private PlanDrawCase(PlanDraw draw, Path folder) {
      this.draw = draw;
      this.folder = folder;
    }

    /** Plans or runs. */
    public static void main(String[] line) {
      PlanDraw draw =
          PlanDraw.of(
              Long.parseLong(line[1]), Integer.parseInt(line[2]), Integer.parseInt(line[3]));
      PlanDrawCase planDrawCase = new PlanDrawCase(draw, Path.of(line[4]));
      planDrawCase.plan();
      if (line[0].equals("run")) {
        planDrawCase.run();
      }
    }

    private void plan() {
      MemoryEstimate memory = ((RunPlan) tuner().plan()).forecast().orElseThrow().memory();
      memory.lasting().forEach(PlanDrawCase::print);
      for (MemoryEstimate.Phase phase : memory.phases()) {
        System.out.println(
            DETAIL
                + phase.name()
                + (phase.name().equals(memory.peakPhase().name()) ? ", the peak" : ""));
        phase.items().forEach(PlanDrawCase::print);
      }
      System.out.println(PREDICTED + memory.peakBytes());
    }

    private static void print(MemoryItem item) {
      System.out.printf("%s  %-36s %8.1f MB%n", DETAIL, item.name(), item.bytes() / 1e6);
    }

    private void run() {
      tuner().run();
      OwnProcess.printPeak();
    }

    private FineTuner tuner() {
      return FineTuner.builder()
          .model(ModelSource.path(folder.resolve("model")))
          .task(task())
          .dataset(split())
          .method(draw.fineTuning())
          .precision(draw.bf16() ? Precision.BF16 : Precision.FP32)
          .optimizer(draw.steps())
          .batchSize(draw.batch())
          .gradientAccumulation(accumulation())
          .gradientCheckpointing(draw.checkpointing())
          .maxLength(maxLength())
          .learningRate(1e-5)
          .epochs(1)
          .evaluateEvery(Interval.EPOCH)
          .output(folder.resolve("output"))
          .overwriteOutput()
          .build();
    }

    private int accumulation() {
      return draw.task().equals(PlanDraw.GRPO) ? 1 : draw.accumulation();
    }

    private int maxLength() {
      return draw.task().equals(PlanDraw.GRPO) ? draw.length() + draw.generated() : draw.length();
    }

    private Task task() {
      return switch (draw.task()) {
        case PlanDraw.CLASSES -> Task.classification();
        case PlanDraw.EMBEDDINGS -> Task.embeddings();
        case PlanDraw.DPO ->
            draw.method().equals("full")
                ? Task.preference(PreferenceLoss.dpo(0.1)).reference(Reference.precomputed())
                : Task.preference(PreferenceLoss.dpo(0.1));
        case PlanDraw.REWARD -> Task.reward();
        case PlanDraw.GRPO ->
            Task.reinforcement(
                Grpo.builder()
                    .reward("length", (prompt, completion, fields) -> completion.length())
                    .promptsPerRollout(draw.batch())
                    .groupSize(PlanDraw.GROUP)
                    .maxNewTokens(draw.generated())
                    .build());
        default -> Task.nextTokens();
      };
    }

    private Split split() {
      boolean policy = draw.task().equals(PlanDraw.GRPO);
      int train = policy ? draw.batch() * 2 : draw.batch() * draw.accumulation() * STEPS;
      return new Split(
          Datasets.of(rows(train)), Datasets.of(rows(draw.batch())), Datasets.of(rows(1)).take(0));
    }

    private List<Example> rows(int count) {
      List<Example> rows = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        rows.add(row(i));
      }
      return rows;
    }

    /** Returns a row; longer texts are truncated to the limit. */
    private Example row(int number) {
      int length = draw.length();
      return switch (draw.task()) {
        case PlanDraw.CLASSES ->
            new Example.Classified(
                words(length), Optional.empty(), List.of(number % 2 == 0 ? "a" : "b"));
        case PlanDraw.EMBEDDINGS ->
            new Example.QueryPassage(words(length), words(length), List.of());
        case PlanDraw.DPO, PlanDraw.REWARD ->
            new Example.Preference(words(length / 16), words(length), words(length));
        case PlanDraw.GRPO -> new Example.Text(words(length / 8));
        default -> new Example.Text(words(length));
      };
    }

    private String words(int count) {
      StringBuilder text = new StringBuilder();
      for (int i = 0; i < count; i++) {
        text.append(i == 0 ? "" : " ").append(WORD.get(random.nextInt(WORD.size())));
      }
      return text.toString();
    }

    private static final List<String> WORD =
        List.of("once", "upon", "a", "time", "there", "was", "little", "girl", "who", "ran");

    /** Copies the model's files other than weights. */
    static void tokenizer(Path model) {
      try {
        for (String name : List.of("tokenizer.json", "tokenizer_config.json")) {
          Path file = ExampleFiles.model().resolve(name);
          if (Files.exists(file)) {
            Files.copy(file, model.resolve(name));
          }
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}

/**
 * A configuration of {@link PlanDrawBenchmark}, drawn at random: the same seed and number give the
 * same one.
 */
record PlanDraw(
    String task,
    String method,
    int rank,
    String family,
    String config,
    String stored,
    boolean bf16,
    String optimizer,
    int batch,
    int length,
    int accumulation,
    boolean checkpointing,
    int generated) {

  static final String NEXT_TOKENS = "next tokens";
  static final String CLASSES = "classification";
  static final String EMBEDDINGS = "embeddings";
  static final String DPO = "dpo";
  static final String REWARD = "reward";
  static final String GRPO = "grpo";

  static final int GROUP = 8;

  /** Number of draws in which each task and method has its share. */
  static final int ROUND = 20;

  private static final List<String> TASKS =
      shares(NEXT_TOKENS, 4, CLASSES, 3, EMBEDDINGS, 3, DPO, 3, REWARD, 3, GRPO, 4);
  private static final List<String> METHODS =
      shares("full", 4, "lora", 5, "dora", 3, "qlora", 5, "ia3", 3);
  private static final List<String> DECODERS =
      List.of("llama", "tied", "qwen2", "qwen3", "mistral", "gpt2", "gpt_neox", "olmo2", "gemma2");
  private static final List<String> ENCODERS =
      List.of("bert", "roberta", "distilbert", "modernbert");

  /** Encoders with default (IA)3 projections. */
  private static final List<String> RESCALED_ENCODERS = List.of("bert", "roberta");

  private static final int HEAD = 64;
  private static final JsonNode FAMILIES = read("benchmarks/studies/families.json");

  private static JsonNode read(String file) {
    try {
      return new ObjectMapper().readTree(Path.of(file).toFile());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<String> shares(Object... namesAndCounts) {
    List<String> all = new ArrayList<>();
    for (int i = 0; i < namesAndCounts.length; i += 2) {
      all.addAll(Collections.nCopies((Integer) namesAndCounts[i + 1], (String) namesAndCounts[i]));
    }
    return List.copyOf(all);
  }

  /** Returns an entry by number, where each round of draws uses all entries in a random order. */
  private static String share(List<String> all, long seed, int number) {
    List<String> order = new ArrayList<>(all);
    Collections.shuffle(order, new Random(seed * 1_000_003 + number / ROUND));
    return order.get(number % ROUND);
  }

  /** Draws a configuration. */
  static PlanDraw of(long seed, int number, int attempt) {
    SplittableRandom random =
        new SplittableRandom((seed * 1_000_003 + number) * 1_000_003 + attempt);
    String task = share(TASKS, seed, number);
    String method = share(METHODS, ~seed, number);
    boolean labeled = task.equals(CLASSES) || task.equals(REWARD);
    boolean encoder = task.equals(EMBEDDINGS) || (task.equals(CLASSES) && random.nextInt(3) > 0);
    List<String> encoders = method.equals("ia3") ? RESCALED_ENCODERS : ENCODERS;
    String family = pick(random, encoder ? encoders : DECODERS);
    if (labeled && family.equals("olmo2")) {
      family = "llama";
    }
    boolean full = method.equals("full");
    int heads = pick(random, full ? List.of(4, 6, 8) : List.of(6, 8, 9, 12, 14, 16));
    int layers = pick(random, full ? List.of(4, 6, 8, 12) : List.of(6, 8, 12, 16, 20, 24));
    int vocabulary = pick(random, List.of(4096, 16384, 30522, 32000, 50257));
    return new PlanDraw(
        task,
        method,
        pick(random, List.of(4, 8, 16, 32, 64)),
        family,
        config(random, family, heads, layers, vocabulary),
        random.nextBoolean() ? "bfloat16" : "float32",
        random.nextBoolean(),
        pick(random, List.of("adamw", "adamw", "adamw", "adamw8bit", "adafactor", "lion", "sgd")),
        pick(random, List.of(1, 2, 4, 8)),
        pick(random, List.of(64, 128, 256, 384, 512)),
        pick(random, List.of(1, 1, 2)),
        random.nextBoolean(),
        pick(random, List.of(32, 64, 128)));
  }

  private static <T> T pick(SplittableRandom random, List<T> values) {
    return values.get(random.nextInt(values.size()));
  }

  private static String config(
      SplittableRandom random, String family, int heads, int layers, int vocabulary) {
    int hidden = heads * HEAD;
    int groups = heads % 3 == 0 ? heads / 3 : heads / 2;
    int keyHeads = random.nextBoolean() ? heads : groups;
    int mlp = hidden * pick(random, List.of(2, 3, 4));
    Map<String, Object> values =
        Map.of(
            "vocabulary", vocabulary,
            "hidden", hidden,
            "layers", layers,
            "heads", heads,
            "mlp", mlp,
            "keyHeads", keyHeads,
            "tied", random.nextBoolean());
    String json = FAMILIES.get(family).toString();
    for (Map.Entry<String, Object> value : values.entrySet()) {
      json = json.replace("\"$" + value.getKey() + '"', String.valueOf(value.getValue()));
    }
    return json;
  }

  ModelConfig modelConfig() {
    String typed =
        config.substring(0, config.length() - 1) + ", \"torch_dtype\": \"" + stored + "\"}";
    return ModelConfig.parse(Path.of(family, "config.json"), typed);
  }

  FineTuningMethod fineTuning() {
    return switch (method) {
      case "full" -> FullFineTuning.create();
      case "lora" -> Lora.rank(rank);
      case "dora" -> Lora.rank(rank).dora();
      case "qlora" -> QLora.nf4().rank(rank);
      default -> Ia3.create();
    };
  }

  Optimizer steps() {
    return switch (optimizer) {
      case "adamw8bit" -> Optimizer.adamW8bit();
      case "adafactor" -> Optimizer.adafactor();
      case "lion" -> Optimizer.lion();
      case "sgd" -> Optimizer.sgd(0.9);
      default -> Optimizer.adamW();
    };
  }

  /** Returns the number of tokens processed per step. */
  long tokens() {
    if (task.equals(GRPO)) {
      return (long) batch * GROUP * (length + generated);
    }
    int texts =
        switch (task) {
          case EMBEDDINGS, DPO, REWARD -> 2;
          default -> 1;
        };
    return (long) batch * length * accumulation * texts;
  }

  String text() {
    return "%s, %s%s, %s, %s%s, stored %s, %s, %d x %d%s%s"
        .formatted(
            task,
            method,
            method.equals("full") || method.equals("ia3") ? "" : " r=" + rank,
            family,
            bf16 ? "bf16" : "fp32",
            checkpointing ? ", checkpointing" : "",
            stored,
            optimizer,
            batch,
            length,
            accumulation > 1 ? " x " + accumulation : "",
            task.equals(GRPO) ? ", " + generated + " generated" : "");
  }
}
