package io.adapt4j.jinja.internal.function;

import io.adapt4j.jinja.internal.value.Arguments;
import io.adapt4j.jinja.internal.value.Comparisons;
import io.adapt4j.jinja.internal.value.Dict;
import io.adapt4j.jinja.internal.value.DictView;
import io.adapt4j.jinja.internal.value.Fault;
import io.adapt4j.jinja.internal.value.Generator;
import io.adapt4j.jinja.internal.value.Run;
import io.adapt4j.jinja.internal.value.Tuple;
import io.adapt4j.jinja.internal.value.Undefined;
import io.adapt4j.jinja.internal.value.Values;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.function.Function;
import java.util.function.Predicate;

/** Filters on the items of a sequence: map, select, sort, group and the like. */
public final class ItemFilters {

  private ItemFilters() {}

  static void addTo(Map<String, Filter> filters) {
    filters.put("map", ItemFilters::map);
    filters.put("select", (run, value, args) -> select(run, value, args, true, false));
    filters.put("reject", (run, value, args) -> select(run, value, args, false, false));
    filters.put("selectattr", (run, value, args) -> select(run, value, args, true, true));
    filters.put("rejectattr", (run, value, args) -> select(run, value, args, false, true));
    filters.put("sort", ItemFilters::sort);
    filters.put("dictsort", ItemFilters::dictSort);
    filters.put("groupby", ItemFilters::groupBy);
    filters.put("min", (run, value, args) -> extreme(run, "min", value, args, -1));
    filters.put("max", (run, value, args) -> extreme(run, "max", value, args, 1));
  }

  private static Object map(Run run, Object value, Arguments arguments) {
    return new Generator(
        () ->
            Values.isTrue(value)
                ? mapped(Values.iterate(run, value), mapping(run, arguments))
                : Collections.emptyIterator());
  }

  private static Iterator<Object> mapped(Iterator<Object> items, Function<Object, Object> mapping) {
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return items.hasNext();
      }

      @Override
      public Object next() {
        return mapping.apply(items.next());
      }
    };
  }

  private static Function<Object, Object> mapping(Run run, Arguments arguments) {
    if (arguments.positional().isEmpty() && arguments.named().containsKey("attribute")) {
      Object[] values = arguments.bind("map", 0, "attribute", "default");
      List<Object> path = FilterArguments.path(values[0]);
      Object otherwise = FilterArguments.orElse(values[1], null);
      return item -> FilterArguments.byPath(run, item, path, otherwise);
    }
    if (arguments.positional().isEmpty()) {
      throw new Fault("map requires a filter argument");
    }
    String name = Values.requireText("a filter's name", arguments.first());
    Filter filter = Filters.find(name);
    if (filter == null) {
      throw new Fault(Filters.unknown(name));
    }
    Arguments rest = arguments.withoutFirst(1);
    return item -> filter.apply(run, item, rest);
  }

  private static Object select(
      Run run, Object value, Arguments arguments, boolean wanted, boolean byAttribute) {
    return new Generator(
        () -> {
          if (!Values.isTrue(value)) {
            return Collections.emptyIterator();
          }
          Predicate<Object> test = test(run, arguments, byAttribute);
          return selected(Values.iterate(run, value), item -> test.test(item) == wanted);
        });
  }

  /** Returns the items that pass a test, evaluated lazily. */
  public static Iterator<Object> selected(Iterator<Object> items, Predicate<Object> test) {
    return new Iterator<>() {
      private Object next;
      private boolean found;

      @Override
      public boolean hasNext() {
        while (!found && items.hasNext()) {
          next = items.next();
          found = test.test(next);
        }
        return found;
      }

      @Override
      public Object next() {
        if (!hasNext()) {
          throw new NoSuchElementException();
        }
        found = false;
        return next;
      }
    };
  }

  private static Predicate<Object> test(Run run, Arguments arguments, boolean byAttribute) {
    if (byAttribute && arguments.positional().isEmpty()) {
      throw new Fault("Missing parameter for attribute name");
    }
    List<Object> path = byAttribute ? FilterArguments.path(arguments.first()) : List.of();
    Arguments rest = byAttribute ? arguments.withoutFirst(1) : arguments;
    if (rest.positional().isEmpty()) {
      return item -> Values.isTrue(FilterArguments.byPath(run, item, path, null));
    }
    String name = Values.requireText("a test's name", rest.first());
    Test test = Tests.find(name);
    if (test == null) {
      throw new Fault(Tests.unknown(name));
    }
    Arguments testArguments = rest.withoutFirst(1);
    return item -> test.holds(run, FilterArguments.byPath(run, item, path, null), testArguments);
  }

  private static Object sort(Run run, Object value, Arguments arguments) {
    Object[] values = arguments.bind("sort", 0, "reverse", "case_sensitive", "attribute");
    List<List<Object>> paths = new ArrayList<>();
    if (Values.isText(values[2])) {
      for (String text : Values.text(values[2]).split(",", -1)) {
        paths.add(FilterArguments.path(text));
      }
    } else {
      paths.add(FilterArguments.path(values[2]));
    }
    boolean exact = FilterArguments.flag(values[1]);
    List<Object> items = Values.list(run, value);
    return sorted(
        run, items, item -> keys(run, item, paths, exact), FilterArguments.flag(values[0]));
  }

  private static Object keys(Run run, Object item, List<List<Object>> paths, boolean exact) {
    List<Object> keys = new ArrayList<>();
    for (List<Object> path : paths) {
      Object key = FilterArguments.byPath(run, item, path, null);
      keys.add(exact ? key : FilterArguments.ignoreCase(key));
    }
    return keys;
  }

  private static List<Object> sorted(
      Run run, List<Object> items, Function<Object, Object> key, boolean reversed) {
    record Keyed(Object key, Object item) {}
    List<Keyed> keyed = new ArrayList<>();
    items.forEach(item -> keyed.add(new Keyed(key.apply(item), item)));
    Comparator<Keyed> order = Comparator.comparing(Keyed::key, Comparisons.order(run));
    keyed.sort(reversed ? order.reversed() : order);
    List<Object> sorted = new ArrayList<>();
    keyed.forEach(pair -> sorted.add(pair.item()));
    return sorted;
  }

  private static Object dictSort(Run run, Object value, Arguments arguments) {
    Object[] values = arguments.bind("dictsort", 0, "case_sensitive", "by", "reverse");
    String by = Values.requireText("by", FilterArguments.orElse(values[1], "key"));
    if (!by.equals("key") && !by.equals("value")) {
      throw new Fault("You can only sort by either \"key\" or \"value\"");
    }
    if (!(value instanceof Dict dict)) {
      throw value instanceof Undefined undefined
          ? undefined.fault()
          : new Fault("dictsort needs a mapping, found " + Values.typeName(value));
    }
    int part = by.equals("key") ? 0 : 1;
    boolean exact = FilterArguments.flag(values[0]);
    List<Object> pairs = Values.list(run, new DictView(dict, DictView.Kind.ITEMS));
    return sorted(
        run,
        pairs,
        pair -> {
          Object key = ((Tuple) pair).items().get(part);
          return exact ? key : FilterArguments.ignoreCase(key);
        },
        FilterArguments.flag(values[2]));
  }

  private static Object groupBy(Run run, Object value, Arguments arguments) {
    Object[] values = arguments.bind("groupby", 1, "attribute", "default", "case_sensitive");
    List<Object> path = FilterArguments.path(values[0]);
    Object otherwise = FilterArguments.orElse(values[1], null);
    boolean exact = FilterArguments.flag(values[2]);
    Function<Object, Object> key =
        item -> {
          Object found = FilterArguments.byPath(run, item, path, otherwise);
          return exact ? found : FilterArguments.ignoreCase(found);
        };
    List<Object> groups = new ArrayList<>();
    List<Object> group = null;
    Object last = null;
    for (Object item : sorted(run, Values.list(run, value), key, false)) {
      Object current = key.apply(item);
      if (group == null || !Comparisons.equal(run, last, current)) {
        group = new ArrayList<>();
        Object name = FilterArguments.byPath(run, item, path, otherwise);
        groups.add(new Tuple(Arrays.asList(name, group), List.of("grouper", "list")));
      }
      group.add(item);
      last = current;
    }
    return groups;
  }

  private static Object extreme(Run run, String name, Object value, Arguments arguments, int sign) {
    Object[] values = arguments.bind(name, 0, "case_sensitive", "attribute");
    List<Object> path = FilterArguments.path(values[1]);
    boolean exact = FilterArguments.flag(values[0]);
    Iterator<Object> items = Values.iterate(run, value);
    if (!items.hasNext()) {
      return Undefined.because("No aggregated item, sequence was empty.");
    }
    Object best = null;
    Object bestKey = null;
    for (boolean first = true; items.hasNext(); first = false) {
      Object item = items.next();
      Object key = FilterArguments.byPath(run, item, path, null);
      key = exact ? key : FilterArguments.ignoreCase(key);
      if (first || Comparisons.holds(run, sign < 0 ? "<" : ">", key, bestKey)) {
        best = item;
        bestKey = key;
      }
    }
    return best;
  }
}
