package io.adapt4j.spark.training;

import io.adapt4j.core.model.ModelSource;
import io.adapt4j.federated.FederatedFineTuner;
import io.adapt4j.federated.FederatedReport;
import io.adapt4j.federated.Site;
import io.adapt4j.lora.Lora;
import io.adapt4j.spark.federated.SparkSites;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.sql.SparkSession;

/** Rounds of two sites whose executors have data.jsonl. */
final class FederatedRun {

  private static final int STEPS = 120;

  private FederatedRun() {}

  static String answer(SparkSession session, List<String> words) {
    Path data = Path.of("data.jsonl").toAbsolutePath();
    FederatedFineTuner tuner =
        FederatedFineTuner.builder()
            .model(ModelSource.path(Path.of(words.get(2))))
            .method(Lora.rank(2))
            .rounds(2)
            .site(Site.of("north", data))
            .site(Site.of("south", data).rank(1))
            .training((builder, round) -> builder.maxSteps(STEPS).batchSize(2).epochs(100))
            .output(Path.of(words.get(1)))
            .build();
    String scratch = Path.of("scratch").toAbsolutePath().toString();
    FederatedReport report =
        words.get(0).equals("federated")
            ? tuner.run(SparkSites.on(session).scratch(scratch))
            : tuner.run();
    double loss = report.rounds().get(1).sites().get(0).lastLoss();
    return "done %s %s %s 1 []".formatted(report.rounds().size(), loss, loss);
  }
}
