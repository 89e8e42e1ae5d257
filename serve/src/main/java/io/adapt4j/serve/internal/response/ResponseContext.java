package io.adapt4j.serve.internal.response;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.serve.internal.chat.PictureParts;
import io.adapt4j.serve.internal.http.Call;
import io.adapt4j.serve.internal.http.Fault;
import io.adapt4j.serve.internal.http.Parameters;
import java.util.List;
import java.util.Optional;

/** Messages that a response answers, and the place where it is stored. */
record ResponseContext(
    Conversations conversations,
    Call call,
    List<ChatMessage> messages,
    String previous,
    String conversation,
    ArrayNode before,
    JsonNode input,
    boolean isStored) {

  private static final String PREVIOUS = "previous_response_id";
  private static final String CONVERSATION = "conversation";

  static ResponseContext read(
      Conversations conversations, Call call, Parameters parameters, PictureParts pictures) {
    if (!conversations.isOn()) {
      parameters.refuse(PREVIOUS, id -> false);
      parameters.refuse(CONVERSATION, id -> false);
    }
    String previous = parameters.value(PREVIOUS).isPresent() ? parameters.text(PREVIOUS) : "";
    String conversation = conversation(parameters);
    if (!previous.isEmpty() && !conversation.isEmpty()) {
      throw Fault.invalid(
          400,
          null,
          "mutually_exclusive_parameters",
          "Mutually exclusive parameters: give only one of previous_response_id and conversation.");
    }
    ArrayNode before = JsonNodeFactory.instance.arrayNode();
    if (!previous.isEmpty()) {
      before = conversations.itemsThrough(call, previous);
    } else if (!conversation.isEmpty()) {
      before = conversations.items(call, conversation);
    }
    JsonNode input = parameters.required(ResponseInput.NAME);
    Optional<String> instructions =
        parameters.value("instructions").map(given -> parameters.text("instructions"));
    List<ChatMessage> messages =
        ResponseInput.read(instructions, before, input, ResponseInput.NAME, pictures);
    boolean isStored =
        conversations.isOn() && (parameters.value("store").isEmpty() || parameters.flag("store"));
    return new ResponseContext(
        conversations, call, messages, previous, conversation, before, input, isStored);
  }

  private static String conversation(Parameters parameters) {
    JsonNode given = parameters.value(CONVERSATION).orElse(null);
    if (given == null) {
      return "";
    }
    JsonNode id = given.isObject() ? given.path("id") : given;
    if (!id.isTextual() || id.textValue().isEmpty()) {
      throw Fault.parameter(CONVERSATION, "expected an id, or an object with one");
    }
    return id.textValue();
  }

  boolean mayBeStored() {
    return conversations.isOn();
  }

  /** Adds the fields about storing to the response. */
  void describe(ObjectNode response) {
    response.put(PREVIOUS, previous.isEmpty() ? null : previous).put("store", isStored);
    if (!conversation.isEmpty()) {
      response.putObject(CONVERSATION).put("id", conversation);
    }
  }

  /** Stores a complete response, and adds it to its conversation. */
  void keep(ObjectNode response) {
    if (!isStored && conversation.isEmpty()) {
      return;
    }
    ArrayNode items = StoredItems.of(input);
    if (!conversation.isEmpty()) {
      ArrayNode turn = items.deepCopy().addAll((ArrayNode) response.path("output"));
      conversations.add(call, conversation, there -> turn);
    }
    if (isStored) {
      // Items of a conversation may be deleted later, so that they are not named but copied.
      ArrayNode all = conversation.isEmpty() ? items : before.deepCopy().addAll(items);
      conversations.keepResponse(call, previous, all, response);
    }
  }
}
