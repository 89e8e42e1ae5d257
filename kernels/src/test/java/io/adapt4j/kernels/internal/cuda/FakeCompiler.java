package io.adapt4j.kernels.internal.cuda;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** A compiler whose images say what they were made from. */
final class FakeCompiler implements Compiler {

  final List<String> compiled = new ArrayList<>();
  String version = "12.9";
  List<Integer> architectures = List.of(75, 80, 86, 90);

  @Override
  public String version() {
    return version;
  }

  @Override
  public List<Integer> architectures() {
    return architectures;
  }

  @Override
  public byte[] compile(String name, String source, Target target) {
    compiled.add(name + " " + target.options());
    return (name + target.options()).getBytes(StandardCharsets.UTF_8);
  }
}
