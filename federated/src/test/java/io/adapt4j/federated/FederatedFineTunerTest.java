package io.adapt4j.federated;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.score.TokenScores;
import io.adapt4j.lora.Lora;
import io.adapt4j.lora.LoraAdapter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Rounds over three sites on a tiny model. */
class FederatedFineTunerTest {

  @TempDir Path folder;

  private static double loss(ModelSource base, Optional<Path> adapter) {
    Adapter[] adapters = adapter.map(LoraAdapter::at).stream().toArray(Adapter[]::new);
    double sum = 0;
    int tokens = 0;
    try (LanguageModel model = LanguageModel.load(base, Precision.FP32, adapters)) {
      for (int site = 0; site < 3; site++) {
        Dataset rows = StorySites.rows(site);
        for (int row = 0; row < rows.size(); row++) {
          TokenScores scores = model.score("", ((Example.Text) rows.get(row)).text());
          sum -= scores.sum();
          tokens += scores.tokenIds().size();
        }
      }
    }
    return sum / tokens;
  }

  @ParameterizedTest
  @EnumSource
  void everyAggregationLearnsFromAllSitesAndWritesWhatAModelLoads(Aggregation how) {
    FederatedReport report =
        StorySites.tuner(folder.resolve("run")).aggregation(how).build().run();

    double before = loss(ModelSource.path(StorySites.MODEL), Optional.empty());
    double after =
        loss(ModelSource.path(report.model().orElse(StorySites.MODEL)), report.adapter());
    System.out.println(how + " " + before + " -> " + after + "\n" + report.text());
    assertThat(after).isLessThan(before * 0.8);
    assertThat(report.adapter().isPresent()).isEqualTo(how != Aggregation.STACK_MERGE);
    assertThat(report.rounds()).hasSize(2);
  }
}
