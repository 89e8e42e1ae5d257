import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.finetune.FullFineTuning;
import io.adapt4j.core.merge.ModelMerge;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.method.FineTuningMethod;
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
import io.adapt4j.lora.Ia3;
import io.adapt4j.lora.Lora;
import io.adapt4j.lora.Miss;
import io.adapt4j.lora.Oft;
import io.adapt4j.lora.Shira;
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
 * Shakespeare in several ways, each method at the best of three learning rates for another seed and
 * other held-out plays. Prints its loss on held-out stories at the same loss on held-out plays,
 * over seeds that draw the passages and their order, with the 95 % interval of the difference to
 * plain full fine-tuning.
 *
 * <p>{@code java @verification/target/java.args verification/studies/Forgetting.java [seeds=3]
 * [short] [model=FOLDER] [only=REGEX] [kept=FOLDER] [at=LOSS] [csv=FILE]}: run it from the root of
 * the repository; {@code short} takes a fifth of the time. {@code kept} stores the losses of each
 * run, and does not train again what is there. {@code at} is the loss on plays to compare at,
 * instead of the lowest one that all ways reach. {@code csv} writes the rows that plans show,
 * without a header: {@code measured.csv} of {@code core/training} holds those of several models.
 */
public final class Forgetting {

  private static final ForgettingRuns.Size WHOLE = new ForgettingRuns.Size(400, 3, 1, 10, 120, 60);
  private static final ForgettingRuns.Size SHORT = new ForgettingRuns.Size(120, 2, 1, 3, 120, 30);

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
    Path kept = Path.of(value(options, "kept", "runs/forgetting/kept-" + System.nanoTime()));
    String only = value(options, "only", ".*");
    ForgettingRuns runs =
        new ForgettingRuns(model, kept, options.contains("short") ? SHORT : WHOLE);
    Map<ForgettingRuns.Way, List<List<ForgettingRuns.Point>>> curves = new LinkedHashMap<>();
    for (ForgettingRuns.Way way : runs.ways()) {
      if (way.name().equals(ForgettingRuns.PLAIN) || way.name().matches(only)) {
        curves.put(way, runs(runs, way, seeds));
      }
    }
    double at = Double.parseDouble(value(options, "at", "NaN"));
    List<Seed> results = IntStream.range(0, seeds).mapToObj(i -> compare(curves, i, at)).toList();
    print(results);
    String csv = value(options, "csv", "");
    if (!csv.isEmpty()) {
      Files.write(Path.of(csv), rows(results, model.getFileName().toString()));
    }
  }

  /** Rise of the loss on stories of a way, and its lowest loss on plays. */
  private record Result(double rise, double lowest) {}

  /** Results of a seed by way. */
  private record Seed(double base, double reached, Map<ForgettingRuns.Way, Result> ways) {}

  private static String value(List<String> options, String name, String otherwise) {
    return options.stream()
        .filter(option -> option.startsWith(name + "="))
        .map(option -> option.substring(name.length() + 1))
        .findFirst()
        .orElse(otherwise);
  }

  /** Trains in one way by each seed, at the best of its rates. */
  private static List<List<ForgettingRuns.Point>> runs(
      ForgettingRuns runs, ForgettingRuns.Way way, int seeds) throws IOException {
    double rate = runs.rate(way);
    List<List<ForgettingRuns.Point>> bySeed = new ArrayList<>();
    for (int seed = 1; seed <= seeds; seed++) {
      List<ForgettingRuns.Point> points = runs.run(way, rate, seed);
      bySeed.add(points);
      ForgettingRuns.Point last = points.get(points.size() - 1);
      System.out.printf(
          "%s, rate %s, seed %d: %d steps, plays %.3f (lowest %.3f), stories %.3f%n",
          way.name(),
          rate,
          seed,
          last.step(),
          last.newLoss(),
          ForgettingRuns.lowest(points),
          last.oldLoss());
    }
    return bySeed;
  }

  /** Returns the rise of the loss on stories by way, at one loss on plays. */
  private static Seed compare(
      Map<ForgettingRuns.Way, List<List<ForgettingRuns.Point>>> curves, int seed, double at) {
    Map<ForgettingRuns.Way, List<ForgettingRuns.Point>> all = new LinkedHashMap<>();
    curves.forEach((way, bySeed) -> all.put(way, bySeed.get(seed)));
    List<ForgettingRuns.Point> plain = all.values().iterator().next();
    ForgettingRuns.Point base = plain.get(0);
    double reached = Double.isNaN(at) ? ForgettingRuns.reachedByAll(all.values(), plain) : at;
    System.out.printf(
        "seed %d: base plays %.3f, stories %.3f; compared at plays %.3f%n",
        seed + 1, base.newLoss(), base.oldLoss(), reached);
    Map<ForgettingRuns.Way, Result> ways = new LinkedHashMap<>();
    all.forEach(
        (way, points) ->
            ways.put(
                way,
                new Result(
                    ForgettingRuns.oldLossAt(points, reached).orElse(Double.NaN) - base.oldLoss(),
                    ForgettingRuns.lowest(points))));
    return new Seed(base.newLoss(), reached, ways);
  }

  private static List<Double> of(
      List<Seed> seeds, ForgettingRuns.Way way, ToDoubleFunction<Result> value) {
    return seeds.stream().map(seed -> value.applyAsDouble(seed.ways().get(way))).toList();
  }

  /** Returns how much less the loss on stories rises than by plain full fine-tuning, by seed. */
  private static List<Double> gains(List<Seed> seeds, ForgettingRuns.Way way) {
    ForgettingRuns.Way first = seeds.get(0).ways().keySet().iterator().next();
    List<Double> plain = of(seeds, first, Result::rise);
    List<Double> rises = of(seeds, way, Result::rise);
    return IntStream.range(0, rises.size()).mapToObj(i -> plain.get(i) - rises.get(i)).toList();
  }

  /** Returns the table that plans read. */
  private static List<String> rows(List<Seed> seeds, String model) {
    List<String> rows = new ArrayList<>();
    for (ForgettingRuns.Way way : seeds.get(0).ways().keySet()) {
      if (way.identifier().isEmpty()) {
        continue;
      }
      List<Double> gains = gains(seeds, way);
      rows.add(
          String.join(
              ",",
              way.identifier(),
              model,
              String.valueOf(seeds.size()),
              cell(mean(seeds.stream().map(Seed::base).toList())),
              cell(mean(of(seeds, way, Result::lowest))),
              cell(mean(seeds.stream().map(Seed::reached).toList())),
              cell(mean(of(seeds, way, Result::rise))),
              cell(mean(gains) - half(gains)),
              cell(mean(gains) + half(gains)),
              way.name()));
    }
    return rows;
  }

  private static String cell(double value) {
    return Double.isNaN(value) ? "" : String.format(Locale.ROOT, "%.3f", value);
  }

  private static void print(List<Seed> seeds) {
    System.out.println(
        "\n| way | lowest loss on plays | rise on stories | less than plainly, 95 % interval |");
    System.out.println("| --- | --- | --- | --- |");
    for (ForgettingRuns.Way way : seeds.get(0).ways().keySet()) {
      double rise = mean(of(seeds, way, Result::rise));
      System.out.printf(
          Locale.ROOT,
          "| %s | %.3f | %.3f | %s |%n",
          way.name(),
          mean(of(seeds, way, Result::lowest)),
          rise,
          interval(gains(seeds, way)));
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
  private static final String SELF_DISTILLED = "self-distillation";
  private static final String AVERAGED = "full fine-tuning, averaged with the base (0.7)";

  /** Losses per token after a number of steps. */
  record Point(int step, double newLoss, double oldLoss) {}

  /** Size of a comparison; runs that choose a rate have epochs of their own. */
  record Size(int passages, int epochs, int choosing, int every, int stories, int heldOut) {}

  /**
   * A way to train, with the identifier by which plans look it up, if they do, and the rates to
   * choose from; none for a remedy, which takes the rate of the way without it.
   */
  record Way(
      String name,
      String identifier,
      List<Double> rates,
      UnaryOperator<FineTuner.Builder> change) {}

  private static final int BATCH = 8;
  private static final int MAX_LENGTH = 128;
  private static final int CHARACTERS = 300;
  private static final int ANSWER = 48;
  private static final int PASSAGES = 1000;

  /** Seed of the runs that choose a rate; its held-out rows are others. */
  private static final int CHOOSING = 0;

  private static final List<Double> RATES = List.of(3e-4, 1e-3, 3e-3);
  private static final List<Double> ADAPTER_RATES = List.of(1.5e-3, 5e-3, 1.5e-2);
  private static final List<Double> LOW_RATES = List.of(5e-4, 1.5e-3, 5e-3);
  private static final List<Double> VECTOR_RATES = List.of(1.5e-2, 5e-2, 1.5e-1);

  private final Path examples = Path.of("examples");
  private final Path model;
  private final Path kept;
  private final Size size;

  /** Prepares the runs. */
  ForgettingRuns(Path model, Path kept, Size size) {
    this.model = model;
    this.kept = kept;
    this.size = size;
  }

  /** Returns the compared ways, plain full fine-tuning first. */
  List<Way> ways() {
    Dataset old = stories();
    Regularization kl = Regularization.klToBase(old).strength(1);
    Lora lora = Lora.rank(16);
    return List.of(
        new Way(PLAIN, "full", RATES, tuner -> tuner),
        adapter("LoRA, rank 16", "lora", lora),
        adapter("DoRA, rank 16", "dora", lora.dora()),
        new Way("OFT, blocks of 32", "oft", LOW_RATES, by(Oft.blockSize(32))),
        new Way("(IA)3", "ia3", VECTOR_RATES, by(Ia3.create())),
        with("replay, 0.3", "full+replay", tuner -> tuner.replay(old, 0.3)),
        with("KL to the base, 1", "full+klToBase", tuner -> tuner.regularize(kl)),
        with(
            "L2 to the base, 1",
            "full+l2ToBase",
            tuner -> tuner.regularize(Regularization.l2ToBase(1))),
        with(
            "EWC, 50", "full+ewc", tuner -> tuner.regularize(Regularization.ewc(old).strength(50))),
        adapter(
            "LoRA on the MLP, rank 16", "lora-mlp", lora.targets(Targets.regex(".*\\.mlp\\..*"))),
        with(
            "LoRA, rank 16, replay, 0.3",
            "lora+replay",
            tuner -> tuner.method(lora).replay(old, 0.3)),
        with(AVERAGED, "", tuner -> tuner),
        new Way(
            "rsLoRA, rank 64", "rslora", LOW_RATES, by(Lora.rank(64).alpha(64).rankStabilized())),
        new Way("MiSS, rank 16", "miss", LOW_RATES, by(Miss.rank(16))),
        adapter("SHiRA, rank 8", "shira", Shira.rank(8)),
        new Way(
            SELF_DISTILLED,
            "",
            RATES,
            tuner -> tuner.task(Task.selfDistillation().onPolicy(1, ANSWER))),
        with(
            "dynamic fine-tuning (DFT)",
            "full+dynamicFineTuning",
            tuner -> tuner.task(Task.nextTokens().dynamicFineTuning())));
  }

  /** Returns a way with a remedy, which takes the rate of the way without it. */
  private static Way with(String name, String id, UnaryOperator<FineTuner.Builder> change) {
    return new Way(name, id, List.of(), change);
  }

  private static Way adapter(String name, String identifier, FineTuningMethod method) {
    return new Way(name, identifier, ADAPTER_RATES, by(method));
  }

  private static UnaryOperator<FineTuner.Builder> by(FineTuningMethod method) {
    return tuner -> tuner.method(method);
  }

  /** Returns the rate by which a way reaches the lowest loss on other plays, for another seed. */
  double rate(Way way) throws IOException {
    if (way.rates().isEmpty()) {
      String without = way.identifier().replaceFirst("[+].*", "");
      return rate(
          ways().stream()
              .filter(other -> other.identifier().equals(without.isEmpty() ? "full" : without))
              .findFirst()
              .orElseThrow());
    }
    double best = way.rates().get(0);
    double least = Double.POSITIVE_INFINITY;
    for (double rate : way.rates()) {
      double lowest = lowest(run(way, rate, CHOOSING));
      System.out.printf("%s, rate %s: plays %.3f%n", way.name(), rate, lowest);
      if (lowest < least) {
        least = lowest;
        best = rate;
      }
    }
    return best;
  }

  /** Returns the losses of training in one way, or what is kept of them. */
  List<Point> run(Way way, double rate, int seed) throws IOException {
    String folder = way.name().replaceAll("[^A-Za-z0-9.]+", "-");
    Path file = kept.resolve("%s %s %d.csv".formatted(folder, rate, seed));
    if (!Files.exists(file)) {
      List<String> lines =
          train(way, rate, seed, kept.resolve(folder)).stream()
              .map(point -> point.step() + "," + point.newLoss() + "," + point.oldLoss())
              .toList();
      Files.createDirectories(kept);
      Files.write(file, lines);
    }
    return Files.readAllLines(file).stream()
        .map(line -> line.split(","))
        .map(
            cells ->
                new Point(
                    Integer.parseInt(cells[0]),
                    Double.parseDouble(cells[1]),
                    Double.parseDouble(cells[2])))
        .toList();
  }

  /** Trains in one way; the first point is the base model's. */
  private List<Point> train(Way way, double rate, int seed, Path output) {
    List<Point> points = new ArrayList<>();
    points.add(measure(0, model, seed));
    boolean chooses = seed == CHOOSING;
    boolean distills = way.name().equals(SELF_DISTILLED);
    FineTuner.Builder tuner =
        FineTuner.builder()
            .model(ModelSource.path(model))
            .dataset(distills ? halves(drawn(seed)) : drawn(seed))
            .method(FullFineTuning.create())
            .precision(Precision.FP32)
            .epochs(chooses ? size.choosing() : size.epochs())
            .batchSize(BATCH)
            .maxLength(MAX_LENGTH)
            .learningRate(rate)
            .schedule(LearningRateSchedule.CONSTANT)
            .weightDecay(0)
            .evaluateEvery(Interval.steps(chooses ? 3 * size.every() : size.every()))
            .saveLimit(0)
            .seed(seed)
            .listener(
                new TrainingListener() {
                  @Override
                  public void checkpointSaved(CheckpointEvent event) {
                    Path saved =
                        way.name().equals(AVERAGED) ? averaged(event, output) : event.path();
                    points.add(measure(event.step(), saved, seed));
                  }
                })
            .output(output)
            .overwriteOutput();
    way.change().apply(tuner).build().run();
    return points;
  }

  private Path averaged(CheckpointEvent event, Path output) {
    Path merged = output.resolveSibling(output.getFileName() + "-" + event.step());
    ModelMerge.of(MergeMethod.mergekit(MergeMethod.Algorithm.LINEAR))
        .and(event.path(), 0.7)
        .and(model, 0.3)
        .write(merged);
    return merged;
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

  static double lowest(List<Point> run) {
    return run.stream().mapToDouble(Point::newLoss).min().orElseThrow();
  }

  private Point measure(int step, Path checkpoint, int seed) {
    try (LanguageModel loaded = load(checkpoint)) {
      Dataset old = Datasets.jsonl(examples.resolve("data/tinystories/heldout.jsonl"));
      int end = end(seed);
      Dataset plays = passages(end, end + size.heldOut());
      return new Point(step, loss(loaded, plays), loss(loaded, old.take(size.heldOut())));
    }
  }

  private LanguageModel load(Path checkpoint) {
    return Files.exists(checkpoint.resolve("adapter_config.json"))
        ? LanguageModel.load(ModelSource.path(model), Precision.FP32, Adapter.at(checkpoint))
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

  /** Returns the first row that is held out; those of the choosing seed are no other's. */
  private int end(int seed) {
    return PASSAGES - (seed == CHOOSING ? 2 : 1) * size.heldOut();
  }

  /** Returns passages drawn by the seed from those before the ones held out. */
  private Dataset drawn(int seed) {
    List<Integer> rows = new ArrayList<>(IntStream.range(0, end(seed)).boxed().toList());
    Collections.shuffle(rows, new Random(seed));
    return Datasets.jsonl(examples.resolve("data/shakespeare/passages.jsonl"))
        .subset(rows.stream().limit(size.passages()).mapToInt(Integer::intValue).toArray());
  }

  /** Returns half of the passages, each as its beginning and the rest. */
  private static Dataset halves(Dataset plays) {
    List<Example> pairs = new ArrayList<>();
    for (int row = 0; row < plays.size() / 2; row++) {
      String text = ((Example.Text) plays.get(row)).text();
      int middle = text.indexOf(' ', text.length() / 3);
      if (middle > 0) {
        pairs.add(new Example.PromptCompletion(text.substring(0, middle), text.substring(middle)));
      }
    }
    return Datasets.of(pairs);
  }

  private Dataset passages(int from, int to) {
    return Datasets.jsonl(examples.resolve("data/shakespeare/passages.jsonl"))
        .subset(IntStream.range(from, to).toArray());
  }
}
