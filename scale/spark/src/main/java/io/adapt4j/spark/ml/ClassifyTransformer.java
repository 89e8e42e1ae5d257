package io.adapt4j.spark.ml;

import io.adapt4j.core.Classification;
import io.adapt4j.core.TextClassifier;
import io.adapt4j.spark.internal.model.ModelSpec;
import io.adapt4j.spark.internal.rows.BulkWork;
import io.adapt4j.spark.internal.rows.RowResult;
import io.adapt4j.spark.internal.rows.RowWork;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.util.DefaultParamsReadable;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Classifies a column of texts, or two columns as pairs of texts, with a {@link TextClassifier}.
 * Adds the label with the highest score and optionally a map of all scores.
 */
public final class ClassifyTransformer extends ModelTransformer<ClassifyTransformer> {

  private static final long serialVersionUID = 1;

  private final Param<String> pairCol;
  private final Param<String> scoresCol;

  /** Creates a transformer that reads {@code text} and adds {@code label}. */
  public ClassifyTransformer() {
    this(randomUid("classify"));
  }

  /** Creates a transformer with a name, as Spark does. */
  public ClassifyTransformer(String uid) {
    super(uid, "text", "label");
    pairCol = text("pairCol", "column of the second text of each pair; empty for single texts", "");
    scoresCol =
        text("scoresCol", "column that is added for all scores by label; empty for none", "");
  }

  /** {@return the parameter of the column of second texts} */
  public Param<String> pairCol() {
    return pairCol;
  }

  /** {@return the parameter of the column of all scores} */
  public Param<String> scoresCol() {
    return scoresCol;
  }

  /** Sets the column of the second text of each pair. Default: none. */
  public ClassifyTransformer setPairCol(String column) {
    return with(pairCol, column);
  }

  /** Sets the added column for all scores, a map by label. Default: none. */
  public ClassifyTransformer setScoresCol(String column) {
    return with(scoresCol, column);
  }

  @Override
  StructType outputs(StructType schema) {
    Columns.requireText(schema, inputCol(), getOrDefault(inputCol()));
    String pair = getOrDefault(pairCol);
    if (!pair.isEmpty()) {
      Columns.requireText(schema, pairCol, pair);
    }
    StructType result =
        Columns.with(schema, outputCol(), getOrDefault(outputCol()), DataTypes.StringType);
    String scores = getOrDefault(scoresCol);
    return scores.isEmpty()
        ? result
        : Columns.with(
            result,
            scoresCol,
            scores,
            DataTypes.createMapType(DataTypes.StringType, DataTypes.DoubleType, false));
  }

  @Override
  RowWork<?> work(StructType schema) {
    String pair = getOrDefault(pairCol);
    return new Work(
        schema.fieldIndex(getOrDefault(inputCol())),
        pair.isEmpty() ? -1 : schema.fieldIndex(pair),
        !getOrDefault(scoresCol).isEmpty(),
        value(batchInvariant()));
  }

  /** Row work; {@code second} is -1 for single texts. */
  private record Work(int first, int second, boolean scores, boolean batchInvariant)
      implements BulkWork<TextClassifier> {

    @Override
    public String type() {
      return "TextClassifier batchInvariant " + batchInvariant;
    }

    @Override
    public TextClassifier load(ModelSpec spec) {
      TextClassifier classifier =
          TextClassifier.load(spec.source(), spec.precision(), spec.adapters());
      classifier.batchInvariant(batchInvariant);
      return classifier;
    }

    @Override
    public boolean hasInput(Row row) {
      return !row.isNullAt(first) && (second < 0 || !row.isNullAt(second));
    }

    @Override
    public int columns() {
      return scores ? 2 : 1;
    }

    @Override
    public List<RowResult> computeAll(TextClassifier classifier, List<Row> rows) {
      List<String> texts = rows.stream().map(row -> row.getString(first)).toList();
      List<Classification> found =
          second < 0
              ? classifier.classifyAll(texts)
              : classifier.classifyPairs(
                  texts, rows.stream().map(row -> row.getString(second)).toList());
      return found.stream().map(this::result).toList();
    }

    private RowResult result(Classification found) {
      if (!scores) {
        return RowResult.of(0, found.label());
      }
      Map<String, Double> all = new LinkedHashMap<>();
      found.scores().forEach(score -> all.put(score.label(), score.score()));
      return RowResult.of(0, found.label(), CollectionConverters.asScala(all));
    }
  }

  private static final class Reader implements DefaultParamsReadable<ClassifyTransformer> {}

  /** {@return a reader of saved transformers} */
  public static MLReader<ClassifyTransformer> read() {
    return new Reader().read();
  }

  /**
   * Loads a saved transformer.
   *
   * @param path its folder
   * @return the transformer
   */
  public static ClassifyTransformer load(String path) {
    return read().load(path);
  }
}
