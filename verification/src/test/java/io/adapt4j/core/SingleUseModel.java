package io.adapt4j.core;

import io.adapt4j.core.internal.SingleUse;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jetbrains.lincheck.datastructures.Operation;

/** A model that counts: each call has it open for all its time, or is refused. */
public final class SingleUseModel {

  private final SingleUse use = new SingleUse("model", this::free);
  private final AtomicInteger freed = new AtomicInteger();
  private int count;

  private void free() {
    freed.incrementAndGet();
  }

  /** Shares it with others. */
  @Operation
  public String share() {
    return answer(() -> use.share(() -> freed.get() == 0 ? "open" : "freed"));
  }

  /** Shares it, and uses it alone meanwhile. */
  @Operation
  public String callInside() {
    return answer(() -> use.share(() -> use.call(this::counted)));
  }

  /** Closes it, perhaps again. */
  @Operation
  public int close() {
    use.close();
    return freed.get();
  }

  private String counted() {
    return freed.get() == 0 ? "open " + ++count : "freed";
  }

  private static String answer(Supplier<String> use) {
    try {
      return use.get();
    } catch (IllegalStateException e) {
      return "refused";
    }
  }
}
