/** From passages to an answer whose citations can be checked. */
package io.adapt4j.rag.answer;
