package io.adapt4j.spark.ml;

import io.adapt4j.core.EmbeddingOptions;
import io.adapt4j.core.TextEmbedder;
import io.adapt4j.spark.internal.model.ModelSpec;
import io.adapt4j.spark.internal.rows.BulkWork;
import io.adapt4j.spark.internal.rows.RowResult;
import io.adapt4j.spark.internal.rows.RowWork;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamValidators;
import org.apache.spark.ml.util.DefaultParamsReadable;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import scala.collection.immutable.ArraySeq;

/**
 * Embeds a column of texts with a {@link TextEmbedder}. The vector is an array of floats, or a
 * Spark ML vector for later stages such as clustering.
 *
 * <pre>{@code
 * Dataset<Row> vectors =
 *     new EmbedTransformer()
 *         .setModelPath("/models/all-MiniLM-L6-v2")
 *         .setInputCol("body")
 *         .transform(mails);
 * }</pre>
 */
public final class EmbedTransformer extends ModelTransformer<EmbedTransformer> {

  private static final long serialVersionUID = 1;

  private static final String VECTOR = "vector";

  private final Param<String> promptName;
  private final Param<String> outputType;
  private final IntParam maxTokens;

  /** Creates a transformer that reads {@code text} and adds {@code embedding}. */
  public EmbedTransformer() {
    this(randomUid("embed"));
  }

  /** Creates a transformer with a name, as Spark does. */
  public EmbedTransformer(String uid) {
    super(uid, "text", "embedding");
    promptName =
        text("promptName", "the model's prompt before each text; empty for its default", "");
    outputType = text("outputType", "array (of floats) or vector (of Spark ML)", "array");
    maxTokens =
        new IntParam(
            this,
            "maxTokens",
            "most tokens of a text that are read; 0 for what the model says",
            ParamValidators.gtEq(0));
    setDefault(maxTokens, 0);
  }

  /** {@return the parameter of the prompt before each text} */
  public Param<String> promptName() {
    return promptName;
  }

  /** {@return the parameter of the type of the added column} */
  public Param<String> outputType() {
    return outputType;
  }

  /** {@return the parameter of the length that is read} */
  public IntParam maxTokens() {
    return maxTokens;
  }

  /**
   * Sets the prompt before each text, one of {@link TextEmbedder#prompts}. Default: that of the
   * model.
   */
  public EmbedTransformer setPromptName(String name) {
    return with(promptName, name);
  }

  /**
   * Sets the type of the added column: {@code array}, of floats, or {@code vector}, of Spark ML.
   * Default: {@code array}.
   */
  public EmbedTransformer setOutputType(String type) {
    return with(outputType, type);
  }

  /** Sets the maximum number of tokens per text; 0, the default, for the model's. */
  public EmbedTransformer setMaxTokens(int tokens) {
    return with(maxTokens, tokens);
  }

  private boolean isVector() {
    String type = getOrDefault(outputType);
    if (!type.equals("array") && !type.equals(VECTOR)) {
      throw new IllegalArgumentException(
          outputType + ": expected array or vector, found '" + type + "'");
    }
    return type.equals(VECTOR);
  }

  @Override
  StructType outputs(StructType schema) {
    Columns.requireText(schema, inputCol(), getOrDefault(inputCol()));
    DataType type =
        isVector()
            ? SQLDataTypes.VectorType()
            : DataTypes.createArrayType(DataTypes.FloatType, false);
    return Columns.with(schema, outputCol(), getOrDefault(outputCol()), type);
  }

  @Override
  RowWork<?> work(StructType schema) {
    return new Work(
        schema.fieldIndex(getOrDefault(inputCol())),
        getOrDefault(promptName),
        isVector(),
        value(maxTokens),
        value(batchInvariant()));
  }

  /** Row work of the transformer. */
  private record Work(
      int column, String promptName, boolean vector, int maxTokens, boolean batchInvariant)
      implements BulkWork<TextEmbedder> {

    @Override
    public String type() {
      return "TextEmbedder maxTokens %d promptName %s batchInvariant %s"
          .formatted(maxTokens, promptName, batchInvariant);
    }

    @Override
    public TextEmbedder load(ModelSpec spec) {
      EmbeddingOptions.Builder options = EmbeddingOptions.builder().precision(spec.precision());
      if (maxTokens > 0) {
        options.maxTokens(maxTokens);
      }
      TextEmbedder embedder = TextEmbedder.load(spec.source(), options.build(), spec.adapters());
      if (!promptName.isEmpty() && !embedder.prompts().containsKey(promptName)) {
        embedder.close();
        throw new IllegalStateException(
            "promptName: expected one of %s, found '%s', for the model %s"
                .formatted(embedder.prompts().keySet(), promptName, spec.model()));
      }
      embedder.batchInvariant(batchInvariant);
      return embedder;
    }

    @Override
    public boolean hasInput(Row row) {
      return !row.isNullAt(column);
    }

    @Override
    public int columns() {
      return 1;
    }

    @Override
    public List<RowResult> computeAll(TextEmbedder embedder, List<Row> rows) {
      List<String> texts = rows.stream().map(row -> row.getString(column)).toList();
      List<float[]> vectors =
          promptName.isEmpty() ? embedder.embedAll(texts) : embedder.embedAll(texts, promptName);
      List<RowResult> results = new ArrayList<>(rows.size());
      for (int i = 0; i < texts.size(); i++) {
        int tokens = Math.min(embedder.maxTokens(), embedder.countTokens(texts.get(i)));
        results.add(RowResult.of(tokens, column(vectors.get(i))));
      }
      return results;
    }

    private Object column(float[] values) {
      if (!vector) {
        return ArraySeq.unsafeWrapArray(values);
      }
      double[] wide = new double[values.length];
      for (int i = 0; i < wide.length; i++) {
        wide[i] = values[i];
      }
      return Vectors.dense(wide);
    }
  }

  private static final class Reader implements DefaultParamsReadable<EmbedTransformer> {}

  /** {@return a reader of saved transformers} */
  public static MLReader<EmbedTransformer> read() {
    return new Reader().read();
  }

  /**
   * Loads a saved transformer.
   *
   * @param path its folder
   * @return the transformer
   */
  public static EmbedTransformer load(String path) {
    return read().load(path);
  }
}
