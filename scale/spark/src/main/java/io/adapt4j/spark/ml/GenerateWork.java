package io.adapt4j.spark.ml;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.spark.internal.model.GenerationChoice;
import io.adapt4j.spark.internal.model.ModelSpec;
import io.adapt4j.spark.internal.rows.ConcurrentWork;
import io.adapt4j.spark.internal.rows.RowResult;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import scala.collection.immutable.ArraySeq;

/**
 * Row work of a {@link GenerateTransformer}.
 *
 * @param varying column that varies the seed, or -1
 */
record GenerateWork(
    int input,
    int varying,
    boolean details,
    String system,
    boolean raw,
    int requests,
    long promptCacheBytes,
    GenerationChoice choice)
    implements ConcurrentWork<LanguageModel> {

  static final StructType DETAILS =
      new StructType()
          .add("finishReason", DataTypes.StringType, false)
          .add("promptTokens", DataTypes.IntegerType, false)
          .add("tokenIds", DataTypes.createArrayType(DataTypes.IntegerType, false), false);

  private static final String ROLE = "role";
  private static final String CONTENT = "content";

  static boolean isConversation(DataType type) {
    return type instanceof ArrayType array
        && array.elementType() instanceof StructType message
        && Arrays.asList(message.fieldNames()).containsAll(List.of(ROLE, CONTENT));
  }

  @Override
  public String type() {
    return "LanguageModel promptCacheBytes " + promptCacheBytes;
  }

  @Override
  public LanguageModel load(ModelSpec spec) {
    LanguageModel model = LanguageModel.load(spec.source(), spec.precision(), spec.adapters());
    model.limitPromptCache(promptCacheBytes);
    return model;
  }

  @Override
  public boolean hasInput(Row row) {
    return !row.isNullAt(input);
  }

  @Override
  public int columns() {
    return details ? 2 : 1;
  }

  @Override
  public int length(Row row) {
    return row.get(input) instanceof String prompt
        ? prompt.length()
        : messages(row).stream().mapToInt(message -> message.toString().length()).sum();
  }

  @Override
  public RowResult compute(LanguageModel model, Row row, CancellationToken cancellation) {
    Generation answer = answer(model, row, cancellation);
    long tokens = (long) answer.promptTokens() + answer.tokenIds().size();
    return details
        ? RowResult.of(tokens, answer.text(), details(answer))
        : RowResult.of(tokens, answer.text());
  }

  private static Row details(Generation answer) {
    return RowFactory.create(
        answer.finishReason().name().toLowerCase(Locale.ROOT),
        answer.promptTokens(),
        ArraySeq.unsafeWrapArray(answer.tokenIds().toArray()));
  }

  private Generation answer(LanguageModel model, Row row, CancellationToken cancellation) {
    if (row.get(input) instanceof String prompt) {
      GenerationOptions options = options(row, prompt);
      if (raw || !model.isChatTuned()) {
        return model.generate(prompt, options, piece -> {}, cancellation);
      }
      List<ChatMessage> messages = new ArrayList<>();
      if (!system.isEmpty()) {
        messages.add(ChatMessage.system(system));
      }
      messages.add(ChatMessage.user(prompt));
      return chat(model, messages, options, cancellation);
    }
    List<ChatMessage> messages = messages(row);
    return chat(model, messages, options(row, messages.toString()), cancellation);
  }

  private static Generation chat(
      LanguageModel model,
      List<ChatMessage> messages,
      GenerationOptions options,
      CancellationToken cancellation) {
    return model.chat(messages, ChatOptions.defaults(), options, piece -> {}, cancellation);
  }

  private List<ChatMessage> messages(Row row) {
    List<ChatMessage> messages = new ArrayList<>();
    for (Row message : row.<Row>getList(input)) {
      if (message == null || message.getAs(ROLE) == null || message.getAs(CONTENT) == null) {
        throw new IllegalArgumentException(
            "conversation: expected role and content in every message, found " + message);
      }
      messages.add(ChatMessage.of(message.<String>getAs(ROLE), message.<String>getAs(CONTENT)));
    }
    return messages;
  }

  /** Returns options with a random stream for each row that does not depend on its position. */
  private GenerationOptions options(Row row, String prompt) {
    GenerationOptions options = choice.options();
    if (choice.temperature() == 0) {
      return options;
    }
    long own = varying < 0 || row.isNullAt(varying) ? hash(prompt) : number(row);
    return options.toBuilder().seed(choice.seed() + own).build();
  }

  private long number(Row row) {
    return ((Number) row.get(varying)).longValue();
  }

  private static long hash(String text) {
    byte[] digest = FileDigest.sha256().digest(text.getBytes(StandardCharsets.UTF_8));
    return ByteBuffer.wrap(digest).getLong();
  }
}
