package io.adapt4j.jinja.internal.syntax;

import io.adapt4j.jinja.internal.value.Arguments;
import io.adapt4j.jinja.internal.value.Callable;
import io.adapt4j.jinja.internal.value.Comparisons;
import io.adapt4j.jinja.internal.value.Fault;
import io.adapt4j.jinja.internal.value.HasAttributes;
import io.adapt4j.jinja.internal.value.Run;
import io.adapt4j.jinja.internal.value.Undefined;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.Function;

/** The {@code loop} variable. */
final class Loop implements Callable, HasAttributes {

  private Iterator<Object> items;
  private final Function<Object, String> recurse;
  private final long depth0;
  private long length;
  private long index0 = -1;
  private Object previous;
  private Object current;
  private List<Object> lastValue;

  /** The prefetched next item. */
  private Object ahead;

  private boolean hasAhead;

  /**
   * Starts before the first item.
   *
   * @param length number of items, or -1 if it must be counted
   * @param recurse runs the loop over other items; null if it is not recursive
   */
  Loop(Iterator<Object> items, long length, Function<Object, String> recurse, long depth0) {
    this.items = items;
    this.length = length;
    this.recurse = recurse;
    this.depth0 = depth0;
  }

  boolean hasNext() {
    return hasAhead || items.hasNext();
  }

  Object next() {
    index0++;
    previous = current;
    current = hasAhead ? ahead : items.next();
    hasAhead = false;
    ahead = null;
    return current;
  }

  private boolean lookAhead() {
    if (!hasAhead && items.hasNext()) {
      ahead = items.next();
      hasAhead = true;
    }
    return hasAhead;
  }

  private long length() {
    if (length < 0) {
      List<Object> rest = new ArrayList<>();
      items.forEachRemaining(rest::add);
      items = rest.iterator();
      length = rest.size() + index0 + 1 + (hasAhead ? 1 : 0);
    }
    return length;
  }

  @Override
  public Object attribute(String name) {
    return switch (name) {
      case "index" -> index0 + 1;
      case "index0" -> index0;
      case "revindex" -> length() - index0;
      case "revindex0" -> length() - index0 - 1;
      case "first" -> index0 == 0;
      case "last" -> !lookAhead();
      case "length" -> length();
      case "depth" -> depth0 + 1;
      case "depth0" -> depth0;
      case "previtem" -> index0 == 0 ? Undefined.because("there is no previous item") : previous;
      case "nextitem" -> lookAhead() ? ahead : Undefined.because("there is no next item");
      case "cycle" -> (Callable) (run, arguments) -> cycle(arguments);
      case "changed" -> (Callable) this::changed;
      default -> NONE;
    };
  }

  @Override
  public String typeName() {
    return "LoopContext";
  }

  @Override
  public String repr() {
    return "<LoopContext " + (index0 + 1) + "/" + length() + ">";
  }

  private Object cycle(Arguments arguments) {
    List<Object> values = arguments.positional();
    if (values.isEmpty()) {
      throw new Fault("loop.cycle needs at least one value");
    }
    return values.get((int) (index0 % values.size()));
  }

  private Object changed(Run run, Arguments arguments) {
    List<Object> values = arguments.positional();
    boolean changed = lastValue == null || !Comparisons.equal(run, lastValue, values);
    lastValue = values;
    return changed;
  }

  @Override
  public Object call(Run run, Arguments arguments) {
    if (recurse == null) {
      throw new Fault("only a loop marked 'recursive' can be called");
    }
    return recurse.apply(arguments.bind("loop", 1, "iterable")[0]);
  }
}
