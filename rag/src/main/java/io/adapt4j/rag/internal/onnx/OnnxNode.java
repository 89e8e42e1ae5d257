package io.adapt4j.rag.internal.onnx;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** An operation of an ONNX graph (NodeProto). */
public record OnnxNode(String name, String operator, List<String> inputs) {

  private static final int INPUT = 1;
  private static final int NAME = 3;
  private static final int OPERATOR = 4;

  /** Creates a node with its own copy of the inputs. */
  public OnnxNode {
    inputs = List.copyOf(inputs);
  }

  static OnnxNode parse(ByteBuffer message) {
    ProtobufReader reader = new ProtobufReader(message);
    String name = "";
    String operator = "";
    List<String> inputs = new ArrayList<>();
    while (reader.next()) {
      switch (reader.field()) {
        case INPUT -> inputs.add(reader.readText());
        case NAME -> name = reader.readText();
        case OPERATOR -> operator = reader.readText();
        default -> reader.skip();
      }
    }
    return new OnnxNode(name, operator, inputs);
  }
}
