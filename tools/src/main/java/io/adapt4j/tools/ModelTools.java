package io.adapt4j.tools;

import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.generate.OutputConstraint;
import io.adapt4j.core.internal.chat.ToolTemplate;
import io.adapt4j.core.tokenize.Tokenizer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Shared caches of chats with models of one tokenizer, with and without adapters. Kept as long as
 * the tokenizer, without holding it. Thread-safe.
 */
final class ModelTools {

  private static final int MOST_KEPT = 32;

  private static final Map<Tokenizer, ModelTools> ALL = new WeakHashMap<>();

  private final SpelledSigns signs;
  private final Map<List<Object>, OutputConstraint> constraints = new Kept<>();
  private final Map<List<Object>, ToolTemplate> templates = new Kept<>();

  /** A small LRU cache. */
  private static final class Kept<V> extends LinkedHashMap<List<Object>, V> {

    Kept() {
      super(16, 0.75f, true);
    }

    @Override
    protected boolean removeEldestEntry(Map.Entry<List<Object>, V> eldest) {
      return size() > MOST_KEPT;
    }
  }

  private ModelTools(Tokenizer tokenizer) {
    this.signs = SpelledSigns.of(tokenizer);
  }

  static ModelTools of(Tokenizer tokenizer) {
    synchronized (ALL) {
      return ALL.computeIfAbsent(tokenizer, ModelTools::new);
    }
  }

  SpelledSigns signs() {
    return signs;
  }

  /**
   * Returns a constraint, cached for the next request of the same kind. Others do not wait while it
   * is created, which may take long.
   */
  OutputConstraint constraint(List<Object> kind, Supplier<OutputConstraint> make) {
    OutputConstraint kept = kept(kind);
    return kept == null ? keep(kind, signs.spelling(make.get())) : kept;
  }

  private synchronized @Nullable OutputConstraint kept(List<Object> kind) {
    return constraints.get(kind);
  }

  private synchronized OutputConstraint keep(List<Object> kind, OutputConstraint made) {
    OutputConstraint other = constraints.putIfAbsent(kind, made);
    return other == null ? made : other;
  }

  /** Determines the format of tools in a template once. */
  synchronized ToolTemplate form(ChatTemplate template, ChatOptions options) {
    List<Object> kind =
        List.of(template, options.tools().isPresent(), options.templateName(), options.variables());
    return templates.computeIfAbsent(kind, key -> ToolTemplate.of(template, options));
  }
}
