import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.finetune.FullFineTuning;
import io.adapt4j.core.merge.ModelMerge;
import io.adapt4j.core.method.MergeMethod;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.regularization.Regularization;
import io.adapt4j.core.score.ScoringRequest;
import io.adapt4j.core.score.TokenScores;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.train.CheckpointEvent;
import io.adapt4j.core.train.Interval;
import io.adapt4j.core.train.LearningRateSchedule;
import io.adapt4j.core.train.TrainingListener;
import io.adapt4j.lora.Lora;
import io.adapt4j.lora.LoraAdapter;
import io.adapt4j.lora.Targets;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.function.ToDoubleFunction;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/**
 * Compares methods against catastrophic forgetting: a model of children's stories is trained on
 * Shakespeare in several ways. Prints its loss on held-out stories at the same loss on held-out
 * plays, over seeds that draw the passages and their order, with the 95 % interval of the
 * difference to plain full fine-tuning.
 *
 * <p>{@code java @verification/target/java.args verification/studies/Forgetting.java [seeds=3]
 * [short] [model=FOLDER] [only=REGEX] [csv=FILE]}: run it from the root of the repository; {@code
 * short} takes a fifth of the time. {@code csv} writes the rows that plans show, without a header:
 * {@code measured.csv} of {@code core/training} holds those of several models.
 */
public final class Forgetting {

  private static final ForgettingRuns.Size WHOLE = new ForgettingRuns.Size(400, 3, 10, 120, 60);
  private static final ForgettingRuns.Size SHORT = new ForgettingRuns.Size(120, 2, 3, 120, 30);

  /** Quantiles of Student's t distribution at 97.5 % for 1, 2, ... degrees of freedom. */
  private static final double[] T = {12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306};

  private Forgetting() {}

  /**
   * Runs the comparison.
   *
   * @param args the options above
   */
  public static void main(String[] args) throws IOException {
    List<String> options = List.of(args);
    int seeds = Integer.parseInt(value(options, "seeds", "3"));
    Path model = Path.of(value(options, "model", "examples/models/stories260K"));
    String only = value(options, "only", ".*");
    ForgettingRuns.Size size = options.contains("short") ? SHORT : WHOLE;
    List<Seed> results = new ArrayList<>();
    for (int seed = 1; seed <= seeds; seed++) {
      results.add(compare(new ForgettingRuns(model, Path.of("runs/forgetting"), size, seed), only));
    }
    print(results);
    String csv = value(options, "csv", "");
    if (!csv.isEmpty()) {
      Files.write(Path.of(csv), rows(results, model.getFileName().toString()));
    }
  }

  /** Rise of the loss on stories of a way, and its lowest loss on plays. */
  private record Result(double rise, double lowest) {}

  /** Results of a seed by way. */
  private record Seed(double base, double reached, Map<String, Result> ways) {}

  private static String value(List<String> options, String name, String otherwise) {
    return options.stream()
        .filter(option -> option.startsWith(name + "="))
        .map(option -> option.substring(name.length() + 1))
        .findFirst()
        .orElse(otherwise);
  }

  /** Returns the rise of the loss on stories by way, at the loss on plays that all ways reach. */
  private static Seed compare(ForgettingRuns runs, String only) {
    Map<String, List<ForgettingRuns.Point>> all = new LinkedHashMap<>();
    for (Map.Entry<String, UnaryOperator<FineTuner.Builder>> way : runs.ways().entrySet()) {
      if (!way.getKey().equals(ForgettingRuns.PLAIN) && !way.getKey().matches(only)) {
        continue;
      }
      List<ForgettingRuns.Point> points = runs.run(way.getKey(), way.getValue());
      all.put(way.getKey(), points);
      ForgettingRuns.Point last = points.get(points.size() - 1);
      double best = points.stream().mapToDouble(ForgettingRuns.Point::newLoss).min().orElseThrow();
      System.out.printf(
          "seed %d, %s: %d steps, plays %.3f (lowest %.3f), stories %.3f%n",
          runs.seed(), way.getKey(), last.step(), last.newLoss(), best, last.oldLoss());
    }
    all.put(ForgettingRuns.AVERAGED, runs.averaged());
    ForgettingRuns.Point base = all.get(ForgettingRuns.PLAIN).get(0);
    double reached = ForgettingRuns.reachedByAll(all.values(), all.get(ForgettingRuns.PLAIN));
    System.out.printf(
        "seed %d: base plays %.3f, stories %.3f; all reach plays %.3f%n",
        runs.seed(), base.newLoss(), base.oldLoss(), reached);
    Map<String, Result> ways = new LinkedHashMap<>();
    all.forEach(
        (name, points) ->
            ways.put(
                name,
                new Result(
                    ForgettingRuns.oldLossAt(points, reached).orElse(Double.NaN) - base.oldLoss(),
                    points.stream()
                        .mapToDouble(ForgettingRuns.Point::newLoss)
                        .min()
                        .orElseThrow())));
    return new Seed(base.newLoss(), reached, ways);
  }

  private static List<Double> of(List<Seed> seeds, String way, ToDoubleFunction<Result> value) {
    return seeds.stream().map(seed -> value.applyAsDouble(seed.ways().get(way))).toList();
  }

  /** Returns how much less the loss on stories rises than by plain full fine-tuning, by seed. */
  private static List<Double> gains(List<Seed> seeds, String way) {
    List<Double> plain = of(seeds, ForgettingRuns.PLAIN, Result::rise);
    List<Double> rises = of(seeds, way, Result::rise);
    return IntStream.range(0, rises.size()).mapToObj(i -> plain.get(i) - rises.get(i)).toList();
  }

  /** Returns the table that plans read. */
  private static List<String> rows(List<Seed> seeds, String model) {
    List<String> rows = new ArrayList<>();
    for (String way : seeds.get(0).ways().keySet()) {
      List<Double> gains = gains(seeds, way);
      rows.add(
          String.join(
              ",",
              ForgettingRuns.identifier(way),
              model,
              String.valueOf(seeds.size()),
              cell(mean(seeds.stream().map(Seed::base).toList())),
              cell(mean(of(seeds, way, Result::lowest))),
              cell(mean(seeds.stream().map(Seed::reached).toList())),
              cell(mean(of(seeds, way, Result::rise))),
              cell(mean(gains) - half(gains)),
              cell(mean(gains) + half(gains)),
              way));
    }
    return rows;
  }

  private static String cell(double value) {
    return Double.isNaN(value) ? "" : String.format(Locale.ROOT, "%.3f", value);
  }

  private static void print(List<Seed> seeds) {
    System.out.println(
        "\n| way | rise of the loss on stories | less than plainly, 95 % interval |");
    System.out.println("| --- | --- | --- |");
    for (String way : seeds.get(0).ways().keySet()) {
      double rise = mean(of(seeds, way, Result::rise));
      System.out.printf(
          Locale.ROOT, "| %s | %.3f | %s |%n", way, rise, interval(gains(seeds, way)));
    }
  }

  private static double mean(List<Double> values) {
    return values.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
  }

  private static String interval(List<Double> values) {
    double mean = mean(values);
    double half = half(values);
    return Double.isNaN(half)
        ? String.format(Locale.ROOT, "%.3f", mean)
        : String.format(Locale.ROOT, "%.3f (%.3f to %.3f)", mean, mean - half, mean + half);
  }

  /** Returns half the width of the 95 % interval of a mean; NaN if it is not known. */
  private static double half(List<Double> values) {
    double mean = mean(values);
    int freedom = values.size() - 1;
    if (freedom < 1 || freedom > T.length) {
      return Double.NaN;
    }
    double squares = values.stream().mapToDouble(v -> (v - mean) * (v - mean)).sum();
    return T[freedom - 1] * Math.sqrt(squares / freedom / values.size());
  }
}

/**
 * Trains the children's story model on Shakespeare in several ways, and tracks its loss on both.
 */
final class ForgettingRuns {

  static final String PLAIN = "full fine-tuning";
  static final String AVERAGED = "full fine-tuning, averaged with the base (0.7)";

  /** Losses per token after a number of steps. */
  record Point(int step, double newLoss, double oldLoss) {}

  /** Size of a comparison. */
  record Size(int passages, int epochs, int every, int stories, int heldOut) {}

  private static final int BATCH = 8;
  private static final int MAX_LENGTH = 128;
  private static final int CHARACTERS = 300;
  private static final double RATE = 1e-3;
  private static final double ADAPTER_RATE = 5e-3;

  private final Path examples = Path.of("examples");
  private final Path model;
  private final Path output;
  private final Size size;
  private final int seed;
  private final List<Point> averaged = new ArrayList<>();

  /** Prepares the runs. */
  ForgettingRuns(Path model, Path output, Size size, int seed) {
    this.model = model;
    this.output = output;
    this.size = size;
    this.seed = seed;
  }

  int seed() {
    return seed;
  }

  /** Returns the compared ways by name. */
  Map<String, UnaryOperator<FineTuner.Builder>> ways() {
    Map<String, UnaryOperator<FineTuner.Builder>> ways = new LinkedHashMap<>();
    ways.put(PLAIN, tuner -> tuner);
    ways.put("a fifth of the rate", tuner -> tuner.learningRate(RATE / 5));
    ways.put("L2 to the base, 1", tuner -> tuner.regularize(Regularization.l2ToBase(1)));
    ways.put("EWC, 50", tuner -> tuner.regularize(Regularization.ewc(stories()).strength(50)));
    ways.put(
        "KL to the base, 1",
        tuner -> tuner.regularize(Regularization.klToBase(stories()).strength(1)));
    ways.put("replay, 0.3", tuner -> tuner.replay(stories(), 0.3));
    ways.put(
        "dynamic fine-tuning (DFT)", tuner -> tuner.task(Task.nextTokens().dynamicFineTuning()));
    ways.put("LoRA, rank 16", tuner -> adapter(tuner, Lora.rank(16)));
    ways.put("rsLoRA, rank 64", tuner -> adapter(tuner, Lora.rank(64).alpha(64).rankStabilized()));
    ways.put(
        "LoRA on the MLP, rank 16",
        tuner ->
            adapter(
                tuner, Lora.rank(16).targets(Targets.names("gate_proj", "up_proj", "down_proj"))));
    ways.put(
        "LoRA, rank 16, replay, 0.3",
        tuner -> adapter(tuner, Lora.rank(16)).replay(stories(), 0.3));
    return ways;
  }

  /** Returns the identifier of a way among the measured runs that a plan looks up. */
  static String identifier(String way) {
    return switch (way) {
      case PLAIN -> "full";
      case "L2 to the base, 1" -> "full+l2ToBase";
      case "EWC, 50" -> "full+ewc";
      case "KL to the base, 1" -> "full+klToBase";
      case "replay, 0.3" -> "full+replay";
      case "dynamic fine-tuning (DFT)" -> "full+dynamicFineTuning";
      case "LoRA, rank 16" -> "lora";
      case "rsLoRA, rank 64" -> "rslora";
      case "LoRA on the MLP, rank 16" -> "lora-mlp";
      case "LoRA, rank 16, replay, 0.3" -> "lora+replay";
      default -> way.replace(',', ';');
    };
  }

  private static FineTuner.Builder adapter(FineTuner.Builder tuner, Lora lora) {
    return tuner.method(lora).learningRate(ADAPTER_RATE);
  }

  /** Trains in one way; the first point is the base model's. */
  List<Point> run(String name, UnaryOperator<FineTuner.Builder> way) {
    List<Point> points = new ArrayList<>();
    points.add(measure(0, model));
    FineTuner.Builder tuner =
        FineTuner.builder()
            .model(ModelSource.path(model))
            .dataset(drawn())
            .method(FullFineTuning.create())
            .precision(Precision.FP32)
            .epochs(size.epochs())
            .batchSize(BATCH)
            .maxLength(MAX_LENGTH)
            .learningRate(RATE)
            .schedule(LearningRateSchedule.CONSTANT)
            .weightDecay(0)
            .evaluateEvery(Interval.steps(size.every()))
            .saveLimit(0)
            .seed(seed)
            .listener(
                new TrainingListener() {
                  @Override
                  public void checkpointSaved(CheckpointEvent event) {
                    points.add(measure(event.step(), event.path()));
                    if (name.equals(PLAIN)) {
                      averaged.add(averaged(event));
                    }
                  }
                })
            .output(output.resolve(name.replaceAll("[^A-Za-z0-9.]+", "-")))
            .overwriteOutput();
    if (name.equals(PLAIN)) {
      averaged.add(points.get(0));
    }
    way.apply(tuner).build().run();
    return points;
  }

  /** Returns the points of plain training whose weights are averaged with the base's. */
  List<Point> averaged() {
    return averaged;
  }

  private Point averaged(CheckpointEvent event) {
    Path merged = output.resolve("averaged-" + event.step());
    ModelMerge.of(MergeMethod.mergekit(MergeMethod.Algorithm.LINEAR))
        .and(event.path(), 0.7)
        .and(model, 0.3)
        .write(merged);
    return measure(event.step(), merged);
  }

  /** Returns the old loss at which a run first reaches a new loss, by linear interpolation. */
  static OptionalDouble oldLossAt(List<Point> points, double newLoss) {
    for (int i = 1; i < points.size(); i++) {
      Point before = points.get(i - 1);
      Point after = points.get(i);
      if (before.newLoss() > newLoss && after.newLoss() <= newLoss) {
        double share = (before.newLoss() - newLoss) / (before.newLoss() - after.newLoss());
        return OptionalDouble.of(before.oldLoss() + share * (after.oldLoss() - before.oldLoss()));
      }
    }
    return OptionalDouble.empty();
  }

  /**
   * Returns the lowest new loss that every run reaches which learns at least half as much as one.
   */
  static double reachedByAll(Collection<List<Point>> runs, List<Point> one) {
    double enough = (one.get(0).newLoss() + lowest(one)) / 2;
    return runs.stream()
        .mapToDouble(ForgettingRuns::lowest)
        .filter(loss -> loss <= enough)
        .max()
        .orElseThrow();
  }

  private static double lowest(List<Point> run) {
    return run.stream().mapToDouble(Point::newLoss).min().orElseThrow();
  }

  private Point measure(int step, Path checkpoint) {
    try (LanguageModel loaded = load(checkpoint)) {
      Dataset old = Datasets.jsonl(examples.resolve("data/tinystories/heldout.jsonl"));
      Dataset plays = passages(1000 - size.heldOut(), 1000);
      return new Point(step, loss(loaded, plays), loss(loaded, old.take(size.heldOut())));
    }
  }

  private LanguageModel load(Path checkpoint) {
    return Files.exists(checkpoint.resolve("adapter_config.json"))
        ? LanguageModel.load(ModelSource.path(model), Precision.FP32, LoraAdapter.at(checkpoint))
        : LanguageModel.load(ModelSource.path(checkpoint), Precision.FP32);
  }

  private static double loss(LanguageModel model, Dataset data) {
    List<ScoringRequest> requests =
        IntStream.range(0, data.size())
            .mapToObj(row -> ((Example.Text) data.get(row)).text())
            .map(text -> text.substring(0, Math.min(CHARACTERS, text.length())))
            .map(text -> new ScoringRequest("", text))
            .toList();
    List<TokenScores> scores = model.scoreAll(requests);
    double sum = scores.stream().mapToDouble(TokenScores::sum).sum();
    return -sum / scores.stream().mapToInt(score -> score.tokenIds().size()).sum();
  }

  private Dataset stories() {
    return Datasets.jsonl(examples.resolve("data/tinystories/stories.jsonl")).take(size.stories());
  }

  /** Returns passages drawn by the seed; the last ones are held out. */
  private Dataset drawn() {
    List<Integer> rows =
        new ArrayList<>(IntStream.range(0, 1000 - size.heldOut()).boxed().toList());
    Collections.shuffle(rows, new Random(seed));
    return Datasets.jsonl(examples.resolve("data/shakespeare/passages.jsonl"))
        .subset(rows.stream().limit(size.passages()).mapToInt(Integer::intValue).toArray());
  }

  private Dataset passages(int from, int to) {
    return Datasets.jsonl(examples.resolve("data/shakespeare/passages.jsonl"))
        .subset(IntStream.range(from, to).toArray());
  }
}
