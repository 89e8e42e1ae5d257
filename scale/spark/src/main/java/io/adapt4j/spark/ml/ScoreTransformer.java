package io.adapt4j.spark.ml;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.TextClassifier;
import io.adapt4j.core.finetune.RewardModel;
import io.adapt4j.spark.internal.rows.RowWork;
import java.util.Locale;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.util.DefaultParamsReadable;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Scores pairs of texts, higher is better: the relevance of a passage to a query, the reward of a
 * completion, or its likelihood.
 */
public final class ScoreTransformer extends ModelTransformer<ScoreTransformer> {

  private static final long serialVersionUID = 1;

  /** Kind of scoring model. */
  public enum Scorer {
    /**
     * A cross-encoder, which is a {@link TextClassifier} of one class, or of two whose second one
     * is "relevant": the score of a query with a passage, for reranking.
     */
    PAIR,
    /** A {@link RewardModel}: the reward of a prompt with a completion. */
    REWARD,
    /**
     * A {@link LanguageModel}: the natural logarithm of the probability of a continuation after a
     * context.
     */
    LIKELIHOOD
  }

  private final Param<String> candidateCol;
  private final Param<String> scorer;

  /** Creates a transformer that reads {@code query} and {@code passage} and adds {@code score}. */
  public ScoreTransformer() {
    this(randomUid("score"));
  }

  /** Creates a transformer with a name, as Spark does. */
  public ScoreTransformer(String uid) {
    super(uid, "query", "score");
    candidateCol =
        text("candidateCol", "column of what is scored after the text of inputCol", "passage");
    scorer = text("scorer", "what gives the number: pair, reward or likelihood", "pair");
  }

  /** {@return the parameter of the column of scored texts} */
  public Param<String> candidateCol() {
    return candidateCol;
  }

  /** {@return the parameter of the kind of scoring model} */
  public Param<String> scorer() {
    return scorer;
  }

  /** Sets the column of passages, completions or continuations. Default: {@code passage}. */
  public ScoreTransformer setCandidateCol(String column) {
    return with(candidateCol, column);
  }

  /** Sets the kind of scoring model. Default: {@link Scorer#PAIR}. */
  public ScoreTransformer setScorer(Scorer kind) {
    return with(scorer, kind.name().toLowerCase(Locale.ROOT));
  }

  private Scorer kind() {
    String name = getOrDefault(scorer);
    for (Scorer kind : Scorer.values()) {
      if (kind.name().equalsIgnoreCase(name)) {
        return kind;
      }
    }
    throw new IllegalArgumentException(
        scorer + ": expected pair, reward or likelihood, found '" + name + "'");
  }

  @Override
  StructType outputs(StructType schema) {
    kind();
    Columns.requireText(schema, inputCol(), getOrDefault(inputCol()));
    Columns.requireText(schema, candidateCol, getOrDefault(candidateCol));
    return Columns.with(schema, outputCol(), getOrDefault(outputCol()), DataTypes.DoubleType);
  }

  @Override
  RowWork<?> work(StructType schema) {
    ScoreWork.Texts texts =
        new ScoreWork.Texts(
            schema.fieldIndex(getOrDefault(inputCol())),
            schema.fieldIndex(getOrDefault(candidateCol)),
            value(batchInvariant()));
    return switch (kind()) {
      case PAIR -> new ScoreWork.Pairs(texts);
      case REWARD -> new ScoreWork.Rewards(texts);
      case LIKELIHOOD -> new ScoreWork.Likelihoods(texts);
    };
  }

  private static final class Reader implements DefaultParamsReadable<ScoreTransformer> {}

  /** {@return a reader of saved transformers} */
  public static MLReader<ScoreTransformer> read() {
    return new Reader().read();
  }

  /**
   * Loads a saved transformer.
   *
   * @param path its folder
   * @return the transformer
   */
  public static ScoreTransformer load(String path) {
    return read().load(path);
  }
}
