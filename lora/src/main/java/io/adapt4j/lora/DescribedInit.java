package io.adapt4j.lora;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.describe.Fields;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * {@link LoraInit} as data: {@code kaiming}, {@code gaussian}, {@code orthogonal}, {@code olora},
 * {@code pissa}, or {@code {pissa: {iterations: 16}}}.
 */
final class DescribedInit {

  private static final String PISSA = "pissa";
  private static final String ITERATIONS = "iterations";

  private DescribedInit() {}

  static Optional<LoraInit> read(Fields fields, String key) {
    Optional<Fields.Named> named = fields.named(key);
    if (named.isEmpty()) {
      return Optional.empty();
    }
    String name = named.get().name();
    Optional<LoraInit> init =
        name.equals(PISSA) ? pissa(named.get().options()) : plain(name).map(plain -> plain);
    if (name.equals(PISSA) || init.isPresent()) {
      named.get().options().finish();
    } else {
      Stream<String> names = Arrays.stream(LoraInit.Plain.values()).map(Fields::written);
      fields.refuse(key, name, Stream.concat(names, Stream.of(PISSA)).toList());
    }
    return init;
  }

  private static Optional<LoraInit.Plain> plain(String name) {
    return Arrays.stream(LoraInit.Plain.values())
        .filter(plain -> Fields.written(plain).equals(name))
        .findFirst();
  }

  private static Optional<LoraInit> pissa(Fields options) {
    if (!options.written().contains(ITERATIONS)) {
      return Optional.of(LoraInit.pissa());
    }
    LoraInit[] made = new LoraInit[1];
    options
        .integer(ITERATIONS, 1)
        .ifPresent(count -> options.attempt(ITERATIONS, () -> made[0] = LoraInit.pissa(count)));
    return Optional.ofNullable(made[0]);
  }

  static void write(LoraInit init, String key, ObjectNode options) {
    if (init instanceof LoraInit.Plain plain) {
      options.put(key, Fields.written(plain));
    } else if (init instanceof LoraInit.Pissa pissa) {
      ObjectNode own = options.putObject(key).putObject(PISSA);
      if (pissa.iterations() > 0) {
        own.put(ITERATIONS, pissa.iterations());
      }
    }
  }
}
