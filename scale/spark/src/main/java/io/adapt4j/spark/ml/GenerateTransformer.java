package io.adapt4j.spark.ml;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.spark.internal.model.GenerationChoice;
import io.adapt4j.spark.internal.rows.RowWork;
import java.util.List;
import org.apache.spark.ml.param.BooleanParam;
import org.apache.spark.ml.param.DoubleParam;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.LongParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamValidators;
import org.apache.spark.ml.param.StringArrayParam;
import org.apache.spark.ml.util.DefaultParamsReadable;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Answers a column of prompts, or of conversations, with a {@link LanguageModel}. Rows of all tasks
 * of an executor share one continuous batch.
 *
 * <p>A conversation is an array of structures with the fields {@code role} and {@code content}. A
 * prompt is a string: a chat model answers it as a user message, after {@link #systemMessage};
 * other models, or any with {@link #raw}, continue it.
 *
 * <p>A sampled answer depends on the seed and the prompt, or on the seed and the number in {@link
 * #seedCol}, but not on the position of the row: equal prompts have equal answers unless that
 * column differs. In half precision, a token may vary between runs if two are equally likely up to
 * rounding.
 */
public final class GenerateTransformer extends ModelTransformer<GenerateTransformer> {

  private static final long serialVersionUID = 1;

  private static final int WINDOW = 256;
  private static final int REQUESTS = 8;

  private final Param<String> seedCol;
  private final Param<String> detailsCol;
  private final Param<String> systemMessage;
  private final BooleanParam raw;
  private final IntParam requests;
  private final LongParam promptCacheBytes;
  private final IntParam maxNewTokens;
  private final DoubleParam temperature;
  private final IntParam topK;
  private final DoubleParam topP;
  private final DoubleParam minP;
  private final DoubleParam repetitionPenalty;
  private final LongParam seed;
  private final StringArrayParam stopStrings;

  /** Creates a transformer that reads {@code prompt} and adds {@code completion}. */
  public GenerateTransformer() {
    this(randomUid("generate"));
  }

  /** Creates a transformer with a name, as Spark does. */
  public GenerateTransformer(String uid) {
    super(uid, "prompt", "completion");
    GenerationOptions greedy = GenerationOptions.greedy();
    seedCol =
        text("seedCol", "column of whole numbers that vary the seed; empty for the prompt", "");
    detailsCol =
        text("detailsCol", "column that is added for finish reason and tokens; empty for none", "");
    systemMessage = text("systemMessage", "message before each prompt; empty for none", "");
    raw = new BooleanParam(this, "raw", "whether to continue prompts as they are");
    requests = number("requests", "rows of a task that are answered at the same time", REQUESTS);
    promptCacheBytes =
        new LongParam(
            this,
            "promptCacheBytes",
            "memory for what prompts begin with; 0 for none",
            ParamValidators.gtEq(0));
    maxNewTokens = number("maxNewTokens", "most tokens of an answer", greedy.maxNewTokens());
    temperature =
        decimal("temperature", "divisor of the logits; 0 is greedy", greedy.temperature());
    topK = new IntParam(this, "topK", "most probable tokens to choose from; 0 for all");
    topP = decimal("topP", "probability mass to choose from; 1 for all", greedy.topP());
    minP = decimal("minP", "least probability relative to the best; 0 for any", greedy.minP());
    repetitionPenalty =
        decimal(
            "repetitionPenalty",
            "penalty on tokens that occurred; 1 for none",
            greedy.repetitionPenalty());
    seed = new LongParam(this, "seed", "seed of sampled answers");
    stopStrings = new StringArrayParam(this, "stopStrings", "texts that end an answer");
    setDefault(raw, false);
    setDefault(promptCacheBytes, 0L);
    setDefault(windowSize(), WINDOW);
    setDefault(topK, greedy.topK());
    setDefault(seed, greedy.seed());
    setDefault(stopStrings, new String[0]);
  }

  private DoubleParam decimal(String name, String doc, double initial) {
    DoubleParam param = new DoubleParam(this, name, doc);
    setDefault(param, initial);
    return param;
  }

  /** {@return the parameter of the column that varies the seed} */
  public Param<String> seedCol() {
    return seedCol;
  }

  /** {@return the parameter of the column of finish reason and tokens} */
  public Param<String> detailsCol() {
    return detailsCol;
  }

  /** {@return the parameter of the system message} */
  public Param<String> systemMessage() {
    return systemMessage;
  }

  /** {@return the parameter of whether prompts are continued without a chat template} */
  public BooleanParam raw() {
    return raw;
  }

  /** {@return the parameter of the number of concurrent rows per task} */
  public IntParam requests() {
    return requests;
  }

  /** {@return the parameter of the memory for the prefix cache} */
  public LongParam promptCacheBytes() {
    return promptCacheBytes;
  }

  /** {@return the parameter of the maximum number of new tokens} */
  public IntParam maxNewTokens() {
    return maxNewTokens;
  }

  /** {@return the parameter of the temperature} */
  public DoubleParam temperature() {
    return temperature;
  }

  /** {@return the parameter of top-k sampling} */
  public IntParam topK() {
    return topK;
  }

  /** {@return the parameter of top-p sampling} */
  public DoubleParam topP() {
    return topP;
  }

  /** {@return the parameter of min-p sampling} */
  public DoubleParam minP() {
    return minP;
  }

  /** {@return the parameter of the repetition penalty} */
  public DoubleParam repetitionPenalty() {
    return repetitionPenalty;
  }

  /** {@return the parameter of the seed} */
  public LongParam seed() {
    return seed;
  }

  /** {@return the parameter of the stop strings} */
  public StringArrayParam stopStrings() {
    return stopStrings;
  }

  /**
   * Sets the column of integers that vary the seed, such as one that numbers several answers to one
   * prompt. Default: none; the prompt varies it.
   */
  public GenerateTransformer setSeedCol(String column) {
    return with(seedCol, column);
  }

  /**
   * Sets the added column for a structure of {@code finishReason}, {@code promptTokens} and {@code
   * tokenIds}. Default: none.
   */
  public GenerateTransformer setDetailsCol(String column) {
    return with(detailsCol, column);
  }

  /** Sets the system message of prompts that are asked as conversations. Default: none. */
  public GenerateTransformer setSystemMessage(String message) {
    return with(systemMessage, message);
  }

  /** Sets whether prompts are continued without a chat template, even for chat models. */
  public GenerateTransformer setRaw(boolean on) {
    return with(raw, on);
  }

  /**
   * Sets the number of concurrent rows per task, at least 1; a model runs at most 32 for all tasks
   * together. Default: {@value #REQUESTS}.
   */
  public GenerateTransformer setRequests(int rows) {
    return with(requests, rows);
  }

  /**
   * Sets the memory for the prefix cache, so that a prefix shared by many prompts is read once.
   * Default: 0. In half precision, answers may then depend on earlier prompts.
   */
  public GenerateTransformer setPromptCacheBytes(long bytes) {
    return with(promptCacheBytes, bytes);
  }

  /** Sets the maximum number of new tokens, at least 1. */
  public GenerateTransformer setMaxNewTokens(int tokens) {
    return with(maxNewTokens, tokens);
  }

  /**
   * Sets all sampling and stopping options at once.
   *
   * @param options the options
   * @throws IllegalArgumentException if an option is set that a transformer has no parameter for
   */
  public GenerateTransformer setOptions(GenerationOptions options) {
    GenerationChoice chosen = GenerationChoice.of(options);
    with(maxNewTokens, chosen.maxNewTokens());
    with(temperature, chosen.temperature());
    with(topK, chosen.topK());
    with(topP, chosen.topP());
    with(minP, chosen.minP());
    with(repetitionPenalty, chosen.repetitionPenalty());
    with(seed, chosen.seed());
    with(stopStrings, chosen.stopStrings().toArray(new String[0]));
    return this;
  }

  /** {@return the sampling and stopping options} */
  public GenerationOptions options() {
    return choice().options();
  }

  private GenerationChoice choice() {
    return new GenerationChoice(
        value(maxNewTokens),
        (Double) getOrDefault(temperature),
        value(topK),
        (Double) getOrDefault(topP),
        (Double) getOrDefault(minP),
        (Double) getOrDefault(repetitionPenalty),
        (Long) getOrDefault(seed),
        List.of(getOrDefault(stopStrings)));
  }

  @Override
  StructType outputs(StructType schema) {
    options();
    String input = getOrDefault(inputCol());
    Columns.require(
        schema,
        inputCol(),
        input,
        "a string, or an array of structures with role and content",
        type -> type.equals(DataTypes.StringType) || GenerateWork.isConversation(type));
    if (!getOrDefault(seedCol).isEmpty()) {
      Columns.require(
          schema,
          seedCol,
          getOrDefault(seedCol),
          "whole numbers",
          type -> type.equals(DataTypes.LongType) || type.equals(DataTypes.IntegerType));
    }
    StructType result =
        Columns.with(schema, outputCol(), getOrDefault(outputCol()), DataTypes.StringType);
    String details = getOrDefault(detailsCol);
    return details.isEmpty()
        ? result
        : Columns.with(result, detailsCol, details, GenerateWork.DETAILS);
  }

  @Override
  RowWork<?> work(StructType schema) {
    String varying = getOrDefault(seedCol);
    return new GenerateWork(
        schema.fieldIndex(getOrDefault(inputCol())),
        varying.isEmpty() ? -1 : schema.fieldIndex(varying),
        !getOrDefault(detailsCol).isEmpty(),
        getOrDefault(systemMessage),
        value(raw),
        value(requests),
        (Long) getOrDefault(promptCacheBytes),
        choice());
  }

  private static final class Reader implements DefaultParamsReadable<GenerateTransformer> {}

  /** {@return a reader of saved transformers} */
  public static MLReader<GenerateTransformer> read() {
    return new Reader().read();
  }

  /**
   * Loads a saved transformer.
   *
   * @param path its folder
   * @return the transformer
   */
  public static GenerateTransformer load(String path) {
    return read().load(path);
  }
}
