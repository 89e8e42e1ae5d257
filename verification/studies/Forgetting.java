import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.finetune.FullFineTuning;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.regularization.Regularization;
import io.adapt4j.core.score.ScoringRequest;
import io.adapt4j.core.score.TokenScores;
import io.adapt4j.core.train.CheckpointEvent;
import io.adapt4j.core.train.Interval;
import io.adapt4j.core.train.LearningRateSchedule;
import io.adapt4j.core.train.TrainingListener;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/**
 * Compares methods against catastrophic forgetting: a model of children's stories is trained on
 * Shakespeare without and with EWC, L2 and KL to the base, and replay. Prints its loss on held-out
 * stories at the same loss on held-out plays.
 *
 * <p>{@code java @verification/target/java.args verification/studies/Forgetting.java [short]}: run
 * it from the root of the repository; with the argument {@code short} it takes a fifth of the time.
 */
public final class Forgetting {

  private static final ForgettingRuns.Size WHOLE = new ForgettingRuns.Size(400, 3, 10, 120, 60);
  private static final ForgettingRuns.Size SHORT = new ForgettingRuns.Size(120, 2, 3, 120, 30);

  private Forgetting() {}

  /**
   * Runs the comparison.
   *
   * @param args optionally {@code short}
   */
  public static void main(String[] args) {
    ForgettingRuns.Size size = args.length > 0 && args[0].equals("short") ? SHORT : WHOLE;
    ForgettingRuns runs = new ForgettingRuns(Path.of("examples"), Path.of("runs/forgetting"), size);
    Map<String, List<ForgettingRuns.Point>> all = new LinkedHashMap<>();
    for (Map.Entry<String, UnaryOperator<FineTuner.Builder>> way : runs.ways().entrySet()) {
      all.put(way.getKey(), runs.run(way.getKey(), way.getValue()));
      ForgettingRuns.Point last = all.get(way.getKey()).get(all.get(way.getKey()).size() - 1);
      System.out.printf(
          "%s: %d steps, plays %.3f, stories %.3f%n",
          way.getKey(), last.step(), last.newLoss(), last.oldLoss());
    }
    print(all);
  }

  private static void print(Map<String, List<ForgettingRuns.Point>> all) {
    ForgettingRuns.Point base = all.values().iterator().next().get(0);
    double reached = ForgettingRuns.reachedByAll(all.values());
    System.out.printf(
        "%nBase: plays %.3f, stories %.3f. All at plays %.3f:%n",
        base.newLoss(), base.oldLoss(), reached);
    System.out.println("| against forgetting | stories | increase |");
    System.out.println("| --- | --- | --- |");
    all.forEach(
        (name, points) -> {
          double old = ForgettingRuns.oldLossAt(points, reached).orElse(Double.NaN);
          System.out.printf("| %s | %.3f | %.3f |%n", name, old, old - base.oldLoss());
        });
  }
}

/**
 * Trains the children's story model on Shakespeare in several ways, and tracks its loss on both.
 */
final class ForgettingRuns {

  /** Losses per token after a number of steps. */
  record Point(int step, double newLoss, double oldLoss) {}

  /** Size of a comparison. */
  record Size(int passages, int epochs, int every, int stories, int heldOut) {}

  private static final int BATCH = 8;
  private static final int MAX_LENGTH = 128;
  private static final int CHARACTERS = 300;
  private static final double RATE = 1e-3;

  private final Path examples;
  private final Path output;
  private final Size size;
  private final ModelSource base;

  /** Prepares the runs. */
  ForgettingRuns(Path examples, Path output, Size size) {
    this.examples = examples;
    this.output = output;
    this.size = size;
    this.base = ModelSource.path(examples.resolve("models/stories260K"));
  }

  /** Returns the compared methods by name; the first does nothing against forgetting. */
  Map<String, UnaryOperator<FineTuner.Builder>> ways() {
    Map<String, UnaryOperator<FineTuner.Builder>> ways = new LinkedHashMap<>();
    ways.put("none", tuner -> tuner);
    ways.put("L2 to the base, 1", tuner -> tuner.regularize(Regularization.l2ToBase(1)));
    ways.put("EWC, 50", tuner -> tuner.regularize(Regularization.ewc(stories()).strength(50)));
    ways.put(
        "KL to the base, 1",
        tuner -> tuner.regularize(Regularization.klToBase(stories()).strength(1)));
    ways.put("replay, 0.3", tuner -> tuner.replay(stories(), 0.3));
    return ways;
  }

  /** Trains with one method; the first point is the base model's. */
  List<Point> run(String name, UnaryOperator<FineTuner.Builder> way) {
    List<Point> points = new ArrayList<>();
    points.add(measure(0, examples.resolve("models/stories260K")));
    FineTuner.Builder tuner =
        FineTuner.builder()
            .model(base)
            .dataset(passages(0, size.passages()))
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
            .listener(
                new TrainingListener() {
                  @Override
                  public void checkpointSaved(CheckpointEvent event) {
                    points.add(measure(event.step(), event.path()));
                  }
                })
            .output(output.resolve(name.replaceAll("[^A-Za-z0-9.]+", "-")))
            .overwriteOutput();
    way.apply(tuner).build().run();
    return points;
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

  /** Returns the lowest new loss that every run has reached. */
  static double reachedByAll(Collection<List<Point>> runs) {
    return runs.stream()
        .mapToDouble(run -> run.stream().mapToDouble(Point::newLoss).min().orElseThrow())
        .max()
        .orElseThrow();
  }

  private Point measure(int step, Path checkpoint) {
    try (LanguageModel model = LanguageModel.load(ModelSource.path(checkpoint), Precision.FP32)) {
      Dataset old = Datasets.jsonl(examples.resolve("data/tinystories/heldout.jsonl"));
      Dataset plays = passages(1000 - size.heldOut(), 1000);
      return new Point(step, loss(model, plays), loss(model, old.take(size.heldOut())));
    }
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

  private Dataset passages(int from, int to) {
    return Datasets.jsonl(examples.resolve("data/shakespeare/passages.jsonl"))
        .subset(IntStream.range(from, to).toArray());
  }
}
