/** The study of knowledge injection by fine-tuning and by retrieval, with its parts. */
package io.adapt4j.verification.study;
