package io.adapt4j.examples;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.federated.Aggregation;
import io.adapt4j.federated.FederatedFineTuner;
import io.adapt4j.federated.FederatedReport;
import io.adapt4j.federated.Site;
import io.adapt4j.lora.Lora;
import io.adapt4j.lora.LoraAdapter;
import java.nio.file.Path;
import java.util.stream.IntStream;

/**
 * Three sites that each hold a third of the passages teach a model of children's stories to write
 * like Shakespeare. No site reveals its passages to another: only adapters are sent.
 *
 * <p>Run it from the root of the repository.
 */
public final class FederatedSites {

  private static final Path DATA = Path.of("examples/data/shakespeare/passages.jsonl");
  private static final Path STORIES = Path.of("examples/models/stories260K");
  private static final Path OUTPUT = Path.of("runs/federated-sites");
  private static final int SITES = 3;

  private FederatedSites() {}

  /**
   * Runs the example.
   *
   * @param args optionally, an {@link Aggregation}
   */
  public static void main(String[] args) {
    Dataset passages = Datasets.jsonl(DATA);
    FederatedFineTuner.Builder builder =
        FederatedFineTuner.builder()
            .model(ModelSource.path(STORIES))
            .method(Lora.rank(16))
            .rounds(3)
            .aggregation(args.length > 0 ? Aggregation.valueOf(args[0]) : Aggregation.STACK_SVD)
            .training((site, round) -> site.epochs(1).batchSize(8).learningRate(2e-3))
            .listener(
                (report, base, adapter) ->
                    System.out.printf(
                        "Round %d: %d sites%n", report.round(), report.sites().size()))
            .output(OUTPUT)
            .overwriteOutput();
    for (int i = 0; i < SITES; i++) {
      int site = i;
      int[] share =
          IntStream.range(0, passages.size()).filter(row -> row % SITES == site).toArray();
      builder.site(Site.of("site-" + i, passages.subset(share)));
    }

    FederatedReport report = builder.build().run();

    System.out.print(report.text());
    ModelSource base = ModelSource.path(report.model().orElse(STORIES));
    LoraAdapter[] adapters =
        report.adapter().map(LoraAdapter::at).stream().toArray(LoraAdapter[]::new);
    try (LanguageModel model = LanguageModel.load(base, adapters)) {
      GenerationOptions options =
          GenerationOptions.builder().maxNewTokens(120).temperature(0.7).seed(42).build();
      System.out.println("KING RICHARD:\n" + model.generate("KING RICHARD:\n", options));
    }
  }
}
