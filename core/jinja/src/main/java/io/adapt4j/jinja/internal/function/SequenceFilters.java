package io.adapt4j.jinja.internal.function;

import io.adapt4j.jinja.internal.value.Arguments;
import io.adapt4j.jinja.internal.value.Dict;
import io.adapt4j.jinja.internal.value.DictView;
import io.adapt4j.jinja.internal.value.Fault;
import io.adapt4j.jinja.internal.value.Generator;
import io.adapt4j.jinja.internal.value.Operators;
import io.adapt4j.jinja.internal.value.Repr;
import io.adapt4j.jinja.internal.value.Run;
import io.adapt4j.jinja.internal.value.Slice;
import io.adapt4j.jinja.internal.value.Undefined;
import io.adapt4j.jinja.internal.value.Values;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Filters on whole sequences. */
final class SequenceFilters {

  private SequenceFilters() {}

  static void addTo(Map<String, Filter> filters) {
    filters.put("length", SequenceFilters::length);
    filters.put("count", SequenceFilters::length);
    filters.put("list", SequenceFilters::list);
    filters.put("first", SequenceFilters::first);
    filters.put("last", SequenceFilters::last);
    filters.put("reverse", SequenceFilters::reverse);
    filters.put("join", SequenceFilters::join);
    filters.put("items", SequenceFilters::items);
    filters.put("batch", SequenceFilters::batch);
    filters.put("slice", SequenceFilters::slice);
    filters.put("unique", SequenceFilters::unique);
    filters.put("sum", SequenceFilters::sum);
  }

  private static Object length(Run run, Object value, Arguments arguments) {
    arguments.bind("length", 0);
    return Values.length(run, value);
  }

  private static Object list(Run run, Object value, Arguments arguments) {
    arguments.bind("list", 0);
    return Values.list(run, value);
  }

  private static Object first(Run run, Object value, Arguments arguments) {
    arguments.bind("first", 0);
    Iterator<Object> items = Values.iterate(run, value);
    return items.hasNext() ? items.next() : Undefined.because("No first item, sequence was empty.");
  }

  private static Object last(Run run, Object value, Arguments arguments) {
    arguments.bind("last", 0);
    if (!Values.hasLength(value)) {
      throw new Fault("'" + Values.typeName(value) + "' object is not reversible");
    }
    List<Object> items = Values.list(run, value);
    return items.isEmpty()
        ? Undefined.because("No last item, sequence was empty.")
        : items.get(items.size() - 1);
  }

  private static Object reverse(Run run, Object value, Arguments arguments) {
    arguments.bind("reverse", 0);
    if (Values.isText(value)) {
      return new Slice(null, null, -1L).of(run, Values.text(value));
    }
    List<Object> items = Values.list(run, value);
    Collections.reverse(items);
    return value instanceof Generator ? items : new Generator(items::iterator);
  }

  private static Object join(Run run, Object value, Arguments arguments) {
    Object[] values = arguments.bind("join", 0, "d", "attribute");
    String separator = Repr.str(run, FilterArguments.orElse(values[0], ""));
    List<Object> path = FilterArguments.path(values[1]);
    Iterator<Object> items = Values.iterate(run, value);
    StringBuilder joined = new StringBuilder();
    for (boolean first = true; items.hasNext(); first = false) {
      String piece = Repr.str(run, FilterArguments.byPath(run, items.next(), path, null));
      run.grow(joined.length(), (long) piece.length() + separator.length());
      joined.append(first ? "" : separator).append(piece);
    }
    return joined.toString();
  }

  private static Object items(Run run, Object value, Arguments arguments) {
    arguments.bind("items", 0);
    return new Generator(
        () -> {
          if (value instanceof Dict dict) {
            return new DictView(dict, DictView.Kind.ITEMS).iterator();
          }
          if (value instanceof Undefined) {
            return Collections.emptyIterator();
          }
          throw new Fault("Can only get item pairs from a mapping.");
        });
  }

  private static Object batch(Run run, Object value, Arguments arguments) {
    Object[] values = arguments.bind("batch", 1, "linecount", "fill_with");
    long size = Values.integer("linecount", values[0]);
    return new Generator(() -> batches(run, value, size, values[1]).iterator());
  }

  private static List<Object> batches(Run run, Object value, long size, Object fill) {
    List<Object> batches = new ArrayList<>();
    List<Object> batch = new ArrayList<>();
    Iterator<Object> items = Values.iterate(run, value);
    while (items.hasNext()) {
      if (batch.size() == size) {
        batches.add(batch);
        batch = new ArrayList<>();
      }
      batch.add(items.next());
    }
    if (!batch.isEmpty()) {
      if (!FilterArguments.isAbsent(fill) && batch.size() < size) {
        run.makeList(size);
        batch.addAll(Collections.nCopies((int) (size - batch.size()), fill));
      }
      batches.add(batch);
    }
    return batches;
  }

  private static Object slice(Run run, Object value, Arguments arguments) {
    Object[] values = arguments.bind("slice", 1, "slices", "fill_with");
    long count = Values.integer("slices", values[0]);
    return new Generator(() -> slices(run, value, count, values[1]).iterator());
  }

  private static List<Object> slices(Run run, Object value, long count, Object fill) {
    List<Object> items = Values.list(run, value);
    if (count == 0) {
      throw new Fault("integer division or modulo by zero");
    }
    run.makeList(Math.max(0, count));
    List<Object> slices = new ArrayList<>();
    int from = 0;
    for (long i = 0; i < count; i++) {
      boolean longer = i < items.size() % count;
      int to = from + (int) (items.size() / count) + (longer ? 1 : 0);
      List<Object> slice = new ArrayList<>(items.subList(from, to));
      if (!FilterArguments.isAbsent(fill) && !longer) {
        slice.add(fill);
      }
      slices.add(slice);
      from = to;
    }
    return slices;
  }

  private static Object unique(Run run, Object value, Arguments arguments) {
    Object[] values = arguments.bind("unique", 0, "case_sensitive", "attribute");
    boolean exact = FilterArguments.flag(values[0]);
    List<Object> path = FilterArguments.path(values[1]);
    return new Generator(() -> unique(run, value, path, exact).iterator());
  }

  private static List<Object> unique(Run run, Object value, List<Object> path, boolean exact) {
    Set<Object> seen = new HashSet<>();
    List<Object> unique = new ArrayList<>();
    Iterator<Object> items = Values.iterate(run, value);
    while (items.hasNext()) {
      Object item = items.next();
      Object key = FilterArguments.byPath(run, item, path, null);
      if (seen.add(Dict.normal(exact ? key : FilterArguments.ignoreCase(key)))) {
        unique.add(item);
      }
    }
    return unique;
  }

  private static Object sum(Run run, Object value, Arguments arguments) {
    Object[] values = arguments.bind("sum", 0, "attribute", "start");
    List<Object> path = FilterArguments.path(values[0]);
    Object sum = FilterArguments.orElse(values[1], 0L);
    if (Values.isText(sum)) {
      throw new Fault("sum() can't sum strings; use the filter 'join'");
    }
    Iterator<Object> items = Values.iterate(run, value);
    while (items.hasNext()) {
      sum = Operators.apply(run, "+", sum, FilterArguments.byPath(run, items.next(), path, null));
    }
    return sum;
  }
}
