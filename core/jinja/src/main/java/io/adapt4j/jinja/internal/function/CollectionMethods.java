package io.adapt4j.jinja.internal.function;

import io.adapt4j.jinja.internal.value.Arguments;
import io.adapt4j.jinja.internal.value.Callable;
import io.adapt4j.jinja.internal.value.Comparisons;
import io.adapt4j.jinja.internal.value.Dict;
import io.adapt4j.jinja.internal.value.DictView;
import io.adapt4j.jinja.internal.value.Fault;
import io.adapt4j.jinja.internal.value.HasAttributes;
import io.adapt4j.jinja.internal.value.Run;
import io.adapt4j.jinja.internal.value.Tuple;
import io.adapt4j.jinja.internal.value.Values;
import java.util.ArrayList;
import java.util.List;

/** The non-mutating methods of lists, tuples and dicts. */
final class CollectionMethods {

  private CollectionMethods() {}

  static Object ofList(List<?> list, String name) {
    return name.equals("copy")
        ? (Callable)
            (run, arguments) -> {
              arguments.bindPositional("copy", 0);
              run.makeList(list.size());
              return new ArrayList<Object>(list);
            }
        : ofItems(list, name);
  }

  static Object ofTuple(Tuple tuple, String name) {
    int named = tuple.names().indexOf(name);
    return named < 0 ? ofItems(tuple.items(), name) : tuple.items().get(named);
  }

  private static Object ofItems(List<?> items, String name) {
    return switch (name) {
      case "count" -> (Callable) (run, arguments) -> count(run, items, arguments);
      case "index" -> (Callable) (run, arguments) -> index(run, items, arguments);
      default -> HasAttributes.NONE;
    };
  }

  private static long count(Run run, List<?> items, Arguments arguments) {
    Object wanted = arguments.bindPositional("count", 1, "value")[0];
    run.step(items.size());
    return items.stream().filter(item -> Comparisons.equal(run, item, wanted)).count();
  }

  private static long index(Run run, List<?> items, Arguments arguments) {
    Object[] values = arguments.bindPositional("index", 1, "value", "start", "stop");
    int from = position(values[1], items.size(), 0);
    int to = position(values[2], items.size(), items.size());
    for (int i = from; i < to; i++) {
      run.step(1);
      if (Comparisons.equal(run, items.get(i), values[0])) {
        return i;
      }
    }
    throw new Fault("the value is not in the list");
  }

  /** Returns an index that may count from the end, clamped to a length. */
  static int position(Object value, int length, int otherwise) {
    if (value == Arguments.MISSING || value == null) {
      return otherwise;
    }
    long index = Values.integer("a position", value);
    return (int) Math.max(0, Math.min(length, index < 0 ? index + length : index));
  }

  static Object ofDict(Dict dict, String name) {
    return switch (name) {
      case "keys" -> view(dict, name, DictView.Kind.KEYS);
      case "values" -> view(dict, name, DictView.Kind.VALUES);
      case "items" -> view(dict, name, DictView.Kind.ITEMS);
      case "get" -> (Callable) (run, arguments) -> get(dict, arguments);
      case "copy" -> (Callable) (run, arguments) -> copy(run, dict, arguments);
      case "fromkeys" -> throw Fault.unsupported("dict.fromkeys");
      default -> HasAttributes.NONE;
    };
  }

  private static Callable view(Dict dict, String name, DictView.Kind kind) {
    return (run, arguments) -> {
      arguments.bindPositional(name, 0);
      return new DictView(dict, kind);
    };
  }

  private static Object get(Dict dict, Arguments arguments) {
    Object[] values = arguments.bindPositional("get", 1, "key", "default");
    return dict.get(values[0], values[1] == Arguments.MISSING ? null : values[1]);
  }

  private static Object copy(Run run, Dict dict, Arguments arguments) {
    arguments.bindPositional("copy", 0);
    run.makeList(dict.size());
    return new Dict(dict);
  }
}
