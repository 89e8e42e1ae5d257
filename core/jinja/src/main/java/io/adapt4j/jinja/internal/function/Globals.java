package io.adapt4j.jinja.internal.function;

import io.adapt4j.jinja.internal.value.Arguments;
import io.adapt4j.jinja.internal.value.Callable;
import io.adapt4j.jinja.internal.value.Dict;
import io.adapt4j.jinja.internal.value.Fault;
import io.adapt4j.jinja.internal.value.HasAttributes;
import io.adapt4j.jinja.internal.value.Namespace;
import io.adapt4j.jinja.internal.value.Range;
import io.adapt4j.jinja.internal.value.Repr;
import io.adapt4j.jinja.internal.value.Run;
import io.adapt4j.jinja.internal.value.Tuple;
import io.adapt4j.jinja.internal.value.Values;
import java.time.ZonedDateTime;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The global functions of every template. */
public final class Globals {

  public static final Map<String, Object> ALL =
      Map.of(
          "range", (Callable) Globals::range,
          "dict", (Callable) Globals::dict,
          "namespace", (Callable) Globals::namespace,
          "cycler", (Callable) (run, arguments) -> new Cycler(arguments),
          "joiner", (Callable) (run, arguments) -> new Joiner(arguments),
          "lipsum", (Callable) Globals::lipsum,
          "raise_exception", (Callable) Globals::raiseException,
          "strftime_now", (Callable) Globals::strftimeNow);

  private Globals() {}

  private static Object range(Run run, Arguments arguments) {
    Object[] values = arguments.bindPositional("range", 1, "start", "stop", "step");
    boolean value = values[1] == Arguments.MISSING;
    long first = Values.integer("range()", values[0]);
    long step = values[2] == Arguments.MISSING ? 1 : Values.integer("range()", values[2]);
    return Range.of(value ? 0 : first, value ? first : Values.integer("range()", values[1]), step);
  }

  private static Object dict(Run run, Arguments arguments) {
    Object[] values = new Arguments(arguments.positional(), Map.of()).bind("dict", 0, "mapping");
    Dict dict = new Dict();
    if (values[0] instanceof Dict other) {
      other.entries().forEach(entry -> dict.put(entry.key(), entry.value()));
    } else if (values[0] != Arguments.MISSING) {
      Iterator<Object> pairs = Values.iterate(run, values[0]);
      while (pairs.hasNext()) {
        List<Object> pair = Values.list(run, pairs.next());
        if (pair.size() != 2) {
          throw new Fault("dict() needs pairs, found " + pair.size() + " values");
        }
        dict.put(pair.get(0), pair.get(1));
      }
    }
    arguments.named().forEach(dict::put);
    run.makeList(dict.size());
    return dict;
  }

  private static Object namespace(Run run, Arguments arguments) {
    Dict dict = (Dict) dict(run, arguments);
    Map<String, Object> attributes = new LinkedHashMap<>();
    dict.entries()
        .forEach(
            entry ->
                attributes.put(Values.requireText("an attribute", entry.key()), entry.value()));
    return new Namespace(attributes);
  }

  private static Object lipsum(Run run, Arguments arguments) {
    throw Fault.unsupported("lipsum, which gives random text,");
  }

  private static Object raiseException(Run run, Arguments arguments) {
    throw Fault.raised(Repr.str(run, arguments.bind("raise_exception", 1, "message")[0]));
  }

  private static Object strftimeNow(Run run, Arguments arguments) {
    Object format = arguments.bind("strftime_now", 1, "format")[0];
    return run.made(
        Strftime.format(ZonedDateTime.now(run.clock()), Values.requireText("format", format)));
  }

  /** Returns its values in turn, repeatedly. */
  private static final class Cycler implements HasAttributes {

    private final List<Object> values;
    private int position;

    Cycler(Arguments arguments) {
      if (arguments.positional().isEmpty() || !arguments.named().isEmpty()) {
        throw new Fault("cycler() needs at least one value, and no names");
      }
      this.values = arguments.positional();
    }

    @Override
    public Object attribute(String name) {
      return switch (name) {
        case "current" -> values.get(position);
        case "next" -> (Callable) (run, arguments) -> next();
        case "reset" ->
            (Callable)
                (run, arguments) -> {
                  position = 0;
                  return null;
                };
        case "pos" -> (long) position;
        case "items" -> new Tuple(values);
        default -> NONE;
      };
    }

    private Object next() {
      Object value = values.get(position);
      position = (position + 1) % values.size();
      return value;
    }
  }

  /** Returns an empty text at the first call, and its text after that. */
  private static final class Joiner implements Callable {

    private final Object separator;
    private boolean used;

    Joiner(Arguments arguments) {
      Object given = arguments.bind("joiner", 0, "sep")[0];
      this.separator = given == Arguments.MISSING ? ", " : given;
    }

    @Override
    public Object call(Run run, Arguments arguments) {
      arguments.bind("joiner", 0);
      Object value = used ? separator : "";
      used = true;
      return value;
    }
  }
}
