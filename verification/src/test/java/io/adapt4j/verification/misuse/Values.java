package io.adapt4j.verification.misuse;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.exception.Adapt4jException;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.train.Interval;
import io.adapt4j.gguf.GgufQuantization;
import io.adapt4j.jinja.TemplateException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Array;
import java.lang.reflect.Method;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Arguments, right and wrong ones. */
final class Values {

  private static final Object MISSING = new Object();

  private Values() {}

  /** What is wrong, or may be, for a type. */
  static List<@Nullable Object> wrong(Class<?> type) {
    if (type == int.class) {
      return List.of(-1, Integer.MIN_VALUE, Integer.MAX_VALUE, 0);
    }
    if (type == long.class) {
      return List.of(-1L, Long.MIN_VALUE, Long.MAX_VALUE, 0L);
    }
    if (type == double.class) {
      return List.of(
          Double.NaN, -1.0, Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY, Double.MAX_VALUE);
    }
    if (type == boolean.class) {
      return List.of();
    }
    if (type == String.class) {
      return Arrays.asList(null, "", " ", "\u0000", "x".repeat(5000));
    }
    if (type == List.class || type == Collection.class) {
      return Arrays.asList(null, List.of(), Collections.singletonList(null));
    }
    if (type == Map.class) {
      return Arrays.asList(null, Map.of());
    }
    if (type == Duration.class) {
      return Arrays.asList(
          null, Duration.ZERO, Duration.ofSeconds(-1), Duration.ofSeconds(Long.MAX_VALUE));
    }
    if (type == int[].class) {
      return Arrays.asList(null, new int[0], new int[] {-1}, new int[] {Integer.MAX_VALUE});
    }
    if (type.isArray()) {
      return Arrays.asList(
          null,
          Array.newInstance(type.getComponentType(), 0),
          Array.newInstance(type.getComponentType(), 1));
    }
    return Collections.singletonList(null);
  }

  /** Right arguments of a method; none where that is not known of one of several. */
  static @Nullable Object[] right(Method method, ModelSource source, Path folder) {
    Class<?>[] types = method.getParameterTypes();
    Object[] arguments = new Object[types.length];
    for (int i = 0; i < types.length; i++) {
      Object value = right(types[i], folder, source);
      if (value == MISSING && types.length > 1) {
        return new Object[0];
      }
      arguments[i] = value == MISSING ? null : value;
    }
    return arguments;
  }

  private static Object right(Class<?> type, Path folder, ModelSource source) {
    Map<Class<?>, Supplier<Object>> known = new HashMap<>();
    known.put(int.class, () -> 1);
    known.put(long.class, () -> 1L);
    known.put(double.class, () -> 0.5);
    known.put(boolean.class, () -> true);
    known.put(String.class, () -> "x");
    known.put(int[].class, () -> new int[] {1});
    known.put(List.class, List::of);
    known.put(Collection.class, List::of);
    known.put(Map.class, Map::of);
    known.put(Optional.class, Optional::empty);
    known.put(Path.class, () -> folder.resolve("made"));
    known.put(Duration.class, () -> Duration.ofSeconds(1));
    known.put(Consumer.class, () -> (Consumer<Object>) value -> {});
    known.put(Supplier.class, () -> (Supplier<Object>) () -> "");
    known.put(CancellationToken.class, CancellationToken::new);
    known.put(
        GenerationOptions.class,
        () -> GenerationOptions.builder().temperature(0).maxNewTokens(2).build());
    known.put(ChatOptions.class, ChatOptions::defaults);
    known.put(ChatTemplate.class, () -> ChatTemplate.named("chatml"));
    known.put(ChatMessage.class, () -> ChatMessage.user("x"));
    known.put(ModelSource.class, () -> source);
    known.put(Precision.class, () -> Precision.FP32);
    known.put(Adapter.class, () -> null);
    known.put(Dataset.class, () -> Datasets.of(List.of(new Example.Text("x"))));
    known.put(Interval.class, () -> Interval.steps(1));
    known.put(GgufQuantization.class, () -> GgufQuantization.F16);
    known.put(String[].class, () -> new String[] {"x"});
    return known.getOrDefault(type, () -> MISSING).get();
  }

  /** Whether an exception is one that is documented, and says what is wrong. */
  static boolean isExpected(Throwable failure) {
    String message = String.valueOf(failure.getMessage());
    if (failure instanceof NullPointerException) {
      return failure.getMessage() != null && !message.startsWith("Cannot ");
    }
    return (failure instanceof Adapt4jException
            || failure instanceof TemplateException
            || failure instanceof IllegalArgumentException
            || failure instanceof IllegalStateException
            || failure instanceof UnsupportedOperationException
            || failure instanceof UncheckedIOException
            || failure instanceof IOException)
        && failure.getMessage() != null;
  }

  static String describe(Throwable failure) {
    return failure
        + Arrays.stream(failure.getStackTrace())
            .filter(frame -> frame.getClassName().startsWith("io.adapt4j"))
            .filter(frame -> !frame.getClassName().contains("verification"))
            .findFirst()
            .map(frame -> " at " + frame)
            .orElse("");
  }
}
