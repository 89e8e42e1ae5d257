import io.adapt4j.benchmarks.data.Banking;
import io.adapt4j.benchmarks.harness.Arguments;
import io.adapt4j.benchmarks.harness.Measurement;
import io.adapt4j.benchmarks.harness.Report;
import io.adapt4j.benchmarks.harness.TemporaryFolder;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.LossOn;
import io.adapt4j.core.finetune.FineTuneReport;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.score.ScoringRequest;
import io.adapt4j.core.score.TokenScores;
import io.adapt4j.core.train.LearningRateSchedule;
import io.adapt4j.federated.Aggregation;
import io.adapt4j.federated.FederatedFineTuner;
import io.adapt4j.federated.FederatedReport;
import io.adapt4j.federated.Site;
import io.adapt4j.lora.Lora;
import io.adapt4j.lora.LoraAdapter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Compares federated fine-tuning of a tiny model on three disjoint shares of a data set with
 * centralized fine-tuning on all of it, with the same number of passes: the ratio of held-out
 * losses. The centralized run has three times the batch size, so that it takes as many steps as a
 * site.
 */
public final class FederatedBenchmark {

  static final String DIALOGUES = "../shared/data/dialogsum/dialogsum.dev.jsonl";
  static final String MODEL = "../shared/data/stories260K";

  private static final int SITES = 3;
  private static final double TARGET = 1.02;
  private static final String OPTIONS =
      "--data banking77 --model "
          + MODEL
          + " --rows 360 --held 100 --rank 16 --rounds 8 --epochs 1 --batch 4 "
          + "--central-batch 12 --passes 0 --rate 3e-3 --local-steps 0 --seed 42 "
          + "--threads 0";

  private final Arguments arguments;
  private final ModelSource base;
  private final Path output;
  private final List<Example> train;
  private final List<Example> held;

  private FederatedBenchmark(Arguments arguments, Path output) {
    this.arguments = arguments;
    this.output = output;
    this.base = ModelSource.path(Path.of(arguments.text("--model")));
    List<Example> rows = rows(arguments.oneOf("--data", Set.of("banking77", "dialogsum")));
    Collections.shuffle(rows, new Random(arguments.number("--seed", 0)));
    int wanted = Math.min(arguments.number("--rows", SITES), rows.size() * 3 / 4);
    int kept = Math.min(arguments.number("--held", 1), rows.size() - wanted);
    this.held = rows.subList(wanted, wanted + kept);
    this.train = rows.subList(0, wanted);
    if (arguments.has("--sorted")) {
      train.sort(Comparator.comparing(row -> ((Example.PromptCompletion) row).completion()));
    }
  }

  /**
   * Options: {@code --data banking77|dialogsum}, {@code --model} (a folder), {@code --rows} of all
   * sites together, {@code --held} out rows, {@code --rank}, {@code --rounds}, {@code --epochs} in
   * a round, {@code --batch} of a site and {@code --central-batch}, {@code --passes} of the
   * centralized run over all rows (0 for as many as a site's), {@code --rate}, {@code
   * --local-steps} of a round (0 for its epochs), {@code --seed}, {@code --threads}; the switch
   * {@code --sorted} gives each site a third of the rows ordered by their answers, so that sites
   * differ, and {@code --all} runs every aggregation.
   */
  public static void main(String[] line) {
    Arguments arguments = Arguments.parse(line, OPTIONS, "--sorted", "--all").useThreads();
    TemporaryFolder.run("", folder -> new FederatedBenchmark(arguments, folder).run());
  }

  private static List<Example> rows(String data) {
    Dataset rows =
        data.equals("banking77")
            ? Banking.pairs(Path.of(Banking.DATA))
            : Datasets.read(Path.of(DIALOGUES))
                .map(
                    row ->
                        new Example.PromptCompletion(
                            row.text("dialogue") + "\nSummary: ", row.text("summary")))
                .open();
    return new ArrayList<>(IntStream.range(0, rows.size()).mapToObj(rows::get).toList());
  }

  private void run() {
    double before = loss(base, Optional.empty());
    System.out.printf(
        Locale.ROOT,
        "%s, %s rows for training%s, %d held out; loss before %.4f%n",
        arguments.text("--data"),
        train.size(),
        arguments.has("--sorted") ? " sorted by answer" : "",
        held.size(),
        before);
    double central = central();
    List<Aggregation> ways =
        arguments.has("--all")
            ? List.of(Aggregation.values())
            : List.of(Aggregation.STACK_SVD, Aggregation.NAIVE);
    Report figures = new Report("Federated over centralized, held-out loss");
    for (Aggregation way : ways) {
      double loss = federated(way);
      Measurement ratio = Measurement.smallerRatio(way + " over centralized, loss", loss / central);
      figures.figure(
          way == Aggregation.STACK_SVD
              ? ratio.target(TARGET).label("federated loss over centralized")
              : ratio);
    }
    figures.print();
  }

  private FineTuner.Builder options(FineTuner.Builder builder, int batch) {
    return builder.batchSize(batch).precision(Precision.FP32).lossOn(LossOn.COMPLETION);
  }

  private double rate() {
    return Double.parseDouble(arguments.text("--rate"));
  }

  private int rounds() {
    return arguments.number("--rounds", 1);
  }

  private int epochs() {
    return arguments.number("--epochs", 1);
  }

  private double central() {
    int passes = arguments.number("--passes", 0);
    FineTuneReport report =
        options(FineTuner.builder(), arguments.number("--central-batch", 1))
            .model(base)
            .dataset(Datasets.of(train))
            .method(Lora.rank(arguments.number("--rank", 1)))
            .epochs(passes == 0 ? rounds() * epochs() : passes)
            .learningRate(rate())
            .seed(arguments.number("--seed", 0))
            .schedule(LearningRateSchedule.LINEAR)
            .output(output.resolve("central"))
            .build()
            .run();
    double loss = loss(base, Optional.of(report.last()));
    System.out.printf(
        Locale.ROOT,
        "centralized: loss %.4f after %d steps, %.0f s%n",
        loss,
        report.steps(),
        report.elapsed().toMillis() / 1e3);
    return loss;
  }

  /** Runs the rounds, decaying the learning rate per round like the centralized run per step. */
  private double federated(Aggregation way) {
    List<Double> losses = new ArrayList<>();
    int epochs = epochs();
    double rate = rate();
    int batch = arguments.number("--batch", 1);
    FederatedFineTuner.Builder builder =
        FederatedFineTuner.builder()
            .model(base)
            .method(Lora.rank(arguments.number("--rank", 1)))
            .rounds(rounds())
            .aggregation(way)
            .seed(arguments.number("--seed", 0))
            .training(
                (site, round) ->
                    options(site, batch)
                        .epochs(epochs)
                        .learningRate(rate * (1 - (round.round() - 0.5) / round.rounds()))
                        .schedule(LearningRateSchedule.CONSTANT)
                        .warmupSteps(0))
            .listener((report, model, adapter) -> losses.add(loss(model, adapter)))
            .output(output.resolve(way.name()));
    int localSteps = arguments.number("--local-steps", 0);
    if (localSteps > 0) {
      builder.localSteps(localSteps);
    }
    for (int i = 0; i < SITES; i++) {
      int first = i * train.size() / SITES;
      int end = (i + 1) * train.size() / SITES;
      builder.site(Site.of("site-" + i, Datasets.of(train.subList(first, end))));
    }
    FederatedReport report = builder.build().run();
    System.out.print(report.text());
    System.out.println(
        "held-out loss by round: "
            + losses.stream()
                .map(loss -> String.format(Locale.ROOT, "%.4f", loss))
                .collect(Collectors.joining(" ")));
    return losses.get(losses.size() - 1);
  }

  private double loss(ModelSource model, Optional<Path> adapter) {
    List<ScoringRequest> requests =
        held.stream()
            .map(row -> (Example.PromptCompletion) row)
            .map(row -> new ScoringRequest(row.prompt(), row.completion()))
            .toList();
    Adapter[] adapters = adapter.map(LoraAdapter::at).stream().toArray(Adapter[]::new);
    double sum = 0;
    long tokens = 0;
    try (LanguageModel loaded = LanguageModel.load(model, Precision.FP32, adapters)) {
      for (int i = 0; i < requests.size(); i += 16) {
        List<ScoringRequest> some = requests.subList(i, Math.min(i + 16, requests.size()));
        for (TokenScores scores : loaded.scoreAll(some)) {
          sum -= scores.sum();
          tokens += scores.tokenIds().size();
        }
      }
    }
    return sum / tokens;
  }
}
