package io.adapt4j.spark.ml;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.TextClassifier;
import io.adapt4j.core.finetune.RewardModel;
import io.adapt4j.core.reinforce.Completion;
import io.adapt4j.core.score.ScoringRequest;
import io.adapt4j.core.score.TokenScores;
import io.adapt4j.spark.internal.model.ModelSpec;
import io.adapt4j.spark.internal.rows.BulkWork;
import io.adapt4j.spark.internal.rows.RowResult;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.Row;

/** Row work of a {@link ScoreTransformer}. */
sealed interface ScoreWork<T extends AutoCloseable> extends BulkWork<T> {

  /** Columns of the texts. */
  record Texts(int first, int second, boolean batchInvariant) implements Serializable {

    private boolean hasInput(Row row) {
      return !row.isNullAt(first) && !row.isNullAt(second);
    }

    private String first(Row row) {
      return row.getString(first);
    }

    private String second(Row row) {
      return row.getString(second);
    }
  }

  /** {@return the columns of the texts} */
  Texts texts();

  @Override
  default boolean hasInput(Row row) {
    return texts().hasInput(row);
  }

  @Override
  default int columns() {
    return 1;
  }

  /** Queries with passages. */
  record Pairs(Texts texts) implements ScoreWork<TextClassifier> {

    private static final int MOST_CLASSES = 2;

    @Override
    public String type() {
      // The type of ClassifyTransformer, with which it shares the model.
      return "TextClassifier batchInvariant " + texts.batchInvariant();
    }

    @Override
    public TextClassifier load(ModelSpec spec) {
      TextClassifier classifier =
          TextClassifier.load(spec.source(), spec.precision(), spec.adapters());
      classifier.batchInvariant(texts.batchInvariant());
      return classifier;
    }

    @Override
    public List<RowResult> computeAll(TextClassifier classifier, List<Row> rows) {
      int classes = classifier.labels().size();
      if (classes > MOST_CLASSES) {
        throw new IllegalStateException(
            "scorer pair: expected a model with one class or two, relevant or not, found "
                + classifier.labels());
      }
      return classifier
          .classifyPairs(
              rows.stream().map(texts::first).toList(), rows.stream().map(texts::second).toList())
          .stream()
          .map(found -> RowResult.of(0, found.scores().get(classes - 1).score()))
          .toList();
    }
  }

  /** Prompts with completions. */
  record Rewards(Texts texts) implements ScoreWork<RewardModel> {

    @Override
    public String type() {
      return "RewardModel batchInvariant " + texts.batchInvariant();
    }

    @Override
    public RewardModel load(ModelSpec spec) {
      RewardModel rewards = RewardModel.load(spec.source(), spec.precision(), spec.adapters());
      rewards.batchInvariant(texts.batchInvariant());
      return rewards;
    }

    @Override
    public List<RowResult> computeAll(RewardModel rewards, List<Row> rows) {
      List<Completion> completions =
          rows.stream().map(row -> Completion.of(texts.first(row), texts.second(row))).toList();
      return Arrays.stream(rewards.scoreAll(completions))
          .mapToObj(score -> RowResult.of(0, score))
          .toList();
    }
  }

  /** Contexts with continuations. */
  record Likelihoods(Texts texts) implements ScoreWork<LanguageModel> {

    @Override
    public String type() {
      // The type of GenerateTransformer, with which it shares the model.
      return "LanguageModel promptCacheBytes 0";
    }

    @Override
    public LanguageModel load(ModelSpec spec) {
      return spec.loadWithoutPromptCache();
    }

    @Override
    public List<RowResult> computeAll(LanguageModel model, List<Row> rows) {
      List<ScoringRequest> requests =
          rows.stream()
              .map(row -> new ScoringRequest(texts.first(row), texts.second(row)))
              .toList();
      List<RowResult> results = new ArrayList<>(rows.size());
      for (TokenScores scores : scores(model, requests)) {
        int tokens = scores.contextTokens() + scores.tokenIds().size();
        results.add(RowResult.of(tokens, scores.sum()));
      }
      return results;
    }

    /** Scores requests, one by one if results have to be batch-invariant. */
    private List<TokenScores> scores(LanguageModel model, List<ScoringRequest> requests) {
      return texts.batchInvariant()
          ? requests.stream().map(request -> model.scoreAll(List.of(request)).get(0)).toList()
          : model.scoreAll(requests);
    }
  }
}
