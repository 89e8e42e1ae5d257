package io.adapt4j.spark.ml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.Classification;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.TextClassifier;
import io.adapt4j.core.finetune.RewardModel;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.spark.LocalSpark;
import io.adapt4j.spark.SmallBert;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClassifyAndScoreTest {

  private static final List<String> TEXTS =
      List.of("a cat", "the dog sat", "a red mat", "fast", "the cat ran on the mat", "slow dog");

  private static Dataset<Row> rows(int partitions) {
    return LocalSpark.texts("text", TEXTS, partitions)
        .withColumn("second", functions.concat(functions.lit("on the "), functions.col("text")));
  }

  @Test
  void labelsAndScoresAreThoseOfTheLibrary(@TempDir Path folder) throws IOException {
    SmallBert.classifier(folder, "animal", "thing", "other");
    ClassifyTransformer transformer =
        new ClassifyTransformer().setModelPath(folder.toString()).setScoresCol("scores");
    Map<String, Classification> expected = new LinkedHashMap<>();
    try (TextClassifier classifier = TextClassifier.load(ModelSource.path(folder))) {
      classifier.batchInvariant(true);
      TEXTS.forEach(text -> expected.put(text, classifier.classify(text)));
    }

    for (int partitions : new int[] {1, 3}) {
      List<Row> found = transformer.transform(rows(partitions)).collectAsList();
      assertThat(found).hasSize(TEXTS.size());
      for (Row row : found) {
        Classification right = expected.get(row.getString(0));
        assertThat(row.<String>getAs("label")).isEqualTo(right.label());
        Map<String, Double> scores = row.getJavaMap(row.fieldIndex("scores"));
        right
            .scores()
            .forEach(score -> assertThat(scores).containsEntry(score.label(), score.score()));
      }
    }
  }

  @Test
  void pairsAreClassifiedTogether(@TempDir Path folder) throws IOException {
    SmallBert.classifier(folder, "yes", "no");
    ClassifyTransformer transformer =
        new ClassifyTransformer().setModelPath(folder.toString()).setPairCol("second");
    try (TextClassifier classifier = TextClassifier.load(ModelSource.path(folder))) {
      assertThat(transformer.transform(rows(2)).collectAsList())
          .allSatisfy(
              row ->
                  assertThat(row.<String>getAs("label"))
                      .isEqualTo(
                          classifier.classifyPair(row.getString(0), row.getString(1)).label()));
    }
  }

  @Test
  void pairsAreScoredByTheClassOfRelevance(@TempDir Path folder) throws IOException {
    SmallBert.classifier(folder, "irrelevant", "relevant");
    ScoreTransformer transformer = scorer(folder, ScoreTransformer.Scorer.PAIR);
    try (TextClassifier classifier = TextClassifier.load(ModelSource.path(folder))) {
      classifier.batchInvariant(true);
      assertScores(
          transformer,
          row -> classifier.classifyPair(row.getString(0), row.getString(1)).score("relevant"));
    }
  }

  @Test
  void completionsGetTheirReward(@TempDir Path folder) throws IOException {
    SmallBert.classifier(folder, "reward");
    ScoreTransformer transformer = scorer(folder, ScoreTransformer.Scorer.REWARD);
    try (RewardModel rewards = RewardModel.load(ModelSource.path(folder))) {
      rewards.batchInvariant(true);
      assertScores(transformer, row -> rewards.score(row.getString(0), row.getString(1)));
    }
  }

  @Test
  void continuationsGetTheirLikelihood() {
    ScoreTransformer transformer = scorer(LocalSpark.STORIES, ScoreTransformer.Scorer.LIKELIHOOD);
    try (LanguageModel model = LanguageModel.load(ModelSource.path(LocalSpark.STORIES))) {
      assertScores(transformer, row -> model.score(row.getString(0), row.getString(1)).sum());
    }
  }

  @Test
  void anUnknownScorerIsRefusedBeforeAJobStarts() {
    ScoreTransformer transformer = scorer(LocalSpark.STORIES, ScoreTransformer.Scorer.PAIR);
    transformer.set("scorer", "other");
    assertThatThrownBy(() -> transformer.transform(rows(1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("scorer: expected pair, reward or likelihood, found 'other'");
  }

  private static ScoreTransformer scorer(Path model, ScoreTransformer.Scorer kind) {
    return new ScoreTransformer()
        .setModelPath(model.toString())
        .setScorer(kind)
        .setInputCol("text")
        .setCandidateCol("second");
  }

  private static void assertScores(ScoreTransformer transformer, ToDoubleFunction<Row> score) {
    for (int partitions : new int[] {1, 3}) {
      assertThat(transformer.transform(rows(partitions)).collectAsList())
          .hasSize(TEXTS.size())
          .allSatisfy(
              row -> assertThat(row.<Double>getAs("score")).isEqualTo(score.applyAsDouble(row)));
    }
  }
}
