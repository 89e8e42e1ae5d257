package io.adapt4j.core.tokenize;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import net.jqwik.api.lifecycle.AddLifecycleHook;
import net.jqwik.api.lifecycle.LifecycleContext;
import net.jqwik.api.lifecycle.SkipExecutionHook;

/** A property of a tokenizer beside the repository, skipped where that is absent. */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@AddLifecycleHook(NeedsTokenizer.Skip.class)
@interface NeedsTokenizer {

  /** The tokenizer's folder name. */
  String value();

  /** Decides before the first try; an assumption would reject every single one. */
  final class Skip implements SkipExecutionHook {

    @Override
    public SkipResult shouldBeSkipped(LifecycleContext context) {
      return context
          .findAnnotation(NeedsTokenizer.class)
          .filter(needed -> !TestTokenizers.hasShared(needed.value()))
          .map(needed -> SkipResult.skip("no tokenizer " + needed.value() + " in ../shared"))
          .orElseGet(SkipResult::doNotSkip);
    }
  }
}
