package io.adapt4j.langchain4j;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.model.chat.response.CompleteToolCall;
import dev.langchain4j.model.chat.response.PartialToolCall;
import io.adapt4j.tools.ToolCall;
import io.adapt4j.tools.ToolEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Passes the parts of an answer on as LangChain4j's types. */
final class CallEvents implements Consumer<ToolEvent> {

  private final ReplyListener listener;
  private final List<ToolEvent.CallBegun> calls = new ArrayList<>();

  CallEvents(ReplyListener listener) {
    this.listener = listener;
  }

  @Override
  public void accept(ToolEvent event) {
    if (event instanceof ToolEvent.Text text) {
      listener.text(text.text());
    } else if (event instanceof ToolEvent.Thinking thinking) {
      listener.thinking(thinking.text());
    } else if (event instanceof ToolEvent.CallBegun begun) {
      calls.add(begun);
    } else if (event instanceof ToolEvent.CallDropped dropped) {
      calls.remove(dropped.index());
    } else if (event instanceof ToolEvent.Arguments arguments) {
      ToolEvent.CallBegun call = calls.get(arguments.index());
      listener.partialCall(
          PartialToolCall.builder()
              .index(call.index())
              .id(call.id())
              .name(call.name())
              .partialArguments(arguments.json())
              .build());
    } else if (event instanceof ToolEvent.CallComplete complete) {
      listener.completeCall(new CompleteToolCall(complete.index(), request(complete.call())));
    }
  }

  static ToolExecutionRequest request(ToolCall call) {
    return ToolExecutionRequest.builder()
        .id(call.id())
        .name(call.name())
        .arguments(call.arguments())
        .build();
  }
}
