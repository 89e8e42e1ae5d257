package io.adapt4j.rag.internal.onnx;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The graph of an ONNX model file, as far as needed for its weights (onnx.proto, ModelProto and
 * GraphProto). External weights are not read.
 */
public record OnnxGraph(List<OnnxNode> nodes, Map<String, OnnxTensor> weights) {

  private static final int GRAPH = 7;
  private static final int NODE = 1;
  private static final int INITIALIZER = 5;

  public static OnnxGraph parse(ByteBuffer file) {
    ProtobufReader reader = new ProtobufReader(file);
    while (reader.next()) {
      if (reader.field() == GRAPH) {
        return parseGraph(reader.readBytes());
      }
      reader.skip();
    }
    throw new IllegalArgumentException("Not an ONNX model: the file has no graph");
  }

  private static OnnxGraph parseGraph(ByteBuffer message) {
    ProtobufReader reader = new ProtobufReader(message);
    List<OnnxNode> nodes = new ArrayList<>();
    Map<String, OnnxTensor> weights = new LinkedHashMap<>();
    while (reader.next()) {
      switch (reader.field()) {
        case NODE -> nodes.add(OnnxNode.parse(reader.readBytes()));
        case INITIALIZER -> {
          OnnxTensor weight = OnnxTensor.parse(reader.readBytes());
          weights.put(weight.name(), weight);
        }
        default -> reader.skip();
      }
    }
    return new OnnxGraph(List.copyOf(nodes), weights);
  }
}
