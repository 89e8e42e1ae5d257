package io.adapt4j.core.internal.task.rl;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.describe.Fields;
import io.adapt4j.core.reinforce.Cispo;
import io.adapt4j.core.reinforce.Sapo;
import io.adapt4j.core.reinforce.Vespo;
import io.adapt4j.core.train.spi.PolicyObjective;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** The key {@code objective}: registry of the policy objectives other than the clipped ratio. */
final class ObjectiveKeys {

  private static final String KEY = "objective";

  private static final List<Form<?>> ALL =
      List.of(
          new Form<>(
              "cispo",
              new Cispo(Cispo.LIMIT),
              List.of("limit"),
              values -> new Cispo(values[0]),
              cispo -> new double[] {cispo.limit()}),
          new Form<>(
              "sapo",
              new Sapo(Sapo.POSITIVE, Sapo.NEGATIVE),
              List.of("positive", "negative"),
              values -> new Sapo(values[0], values[1]),
              sapo -> new double[] {sapo.positive(), sapo.negative()}),
          new Form<>(
              "vespo",
              new Vespo(),
              List.of("positivePower", "positiveDecay", "negativePower", "negativeDecay"),
              values -> new Vespo(values[0], values[1], values[2], values[3]),
              vespo ->
                  new double[] {
                    vespo.positivePower(),
                    vespo.positiveDecay(),
                    vespo.negativePower(),
                    vespo.negativeDecay()
                  }));

  private ObjectiveKeys() {}

  /** A named objective whose options are numbers. */
  private record Form<T extends PolicyObjective>(
      String name,
      T usual,
      List<String> options,
      Function<double[], T> make,
      Function<T, double[]> values) {

    T read(Fields fields) {
      double[] read = values.apply(usual);
      for (int i = 0; i < read.length; i++) {
        read[i] = fields.number(options.get(i), "", value -> true).orElse(read[i]);
      }
      return make.apply(read);
    }

    Optional<JsonNode> write(PolicyObjective objective) {
      if (objective.getClass() != usual.getClass()) {
        return Optional.empty();
      }
      @SuppressWarnings("unchecked") // the classes are equal
      double[] written = values.apply((T) objective);
      ObjectNode keys = JsonNodeFactory.instance.objectNode();
      ObjectNode below = keys.putObject(name);
      for (int i = 0; i < written.length; i++) {
        below.put(options.get(i), written[i]);
      }
      return Optional.of(keys);
    }
  }

  /** Reads the objective; empty without one, or after reporting an error. */
  static Optional<PolicyObjective> read(Fields fields) {
    List<String> names = ALL.stream().map(Form::name).toList();
    Optional<Fields.Named> named = fields.named(KEY);
    if (named.isEmpty()) {
      return Optional.empty();
    }
    Optional<Form<?>> form =
        ALL.stream().filter(known -> known.name().equals(named.get().name())).findFirst();
    if (form.isEmpty()) {
      fields.refuse(KEY, named.get().name(), names);
      return Optional.empty();
    }
    Fields options = named.get().options();
    List<PolicyObjective> made = new ArrayList<>();
    options.attempt("", () -> made.add(form.get().read(options)));
    options.finish();
    return made.stream().findFirst();
  }

  /** Writes an objective; empty if it is user code. */
  static Optional<JsonNode> write(PolicyObjective objective) {
    return ALL.stream().flatMap(form -> form.write(objective).stream()).findFirst();
  }
}
